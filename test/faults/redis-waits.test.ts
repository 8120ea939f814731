import { setTimeout as delay } from 'node:timers/promises';
import { Lab, startRedis, startRedisCluster, startSentinels } from '@lifeguard/lab';
import { expect, test } from 'vitest';
import { NOISE_MILLIS, RETURN_MILLIS, TCP } from './limits.js';
import { hear, startProgram } from './programs.js';
import { IOREDIS } from './redis-matrix.js';
import { arePossible } from './test-faults.js';

const possible = await arePossible({ ...IOREDIS, adapter: 'ioredis and redis' });
const LIMIT_MILLIS = 3000;
/** From the limit until a connect has failed: the pause before it, and the 0.75 s that it may go unanswered. */
const NOTICE_MILLIS = 1000;
const FAULT_MILLIS = 9000;

interface Report {
  readonly name: string;
  readonly longestMillis: number;
  readonly failed: number;
  readonly codes: readonly string[];
  readonly servedMillis: number;
}

const placeOf = ({ host, port }: { host: string; port: number }) => ({ host, port });

test.skipIf(!possible)('in a long outage no call waits for longer than the acquire timeout', async () => {
  await using lab = await Lab.create();
  const [app, db, other] = [await lab.host('app'), await lab.host('db'), await lab.host('other')];
  const password = 'secret';
  const [lost, lostNodes, well] = await Promise.all([
    startRedis(db, { password }),
    startRedisCluster([db, db, db], { password }),
    startRedis(other, { password }),
  ]);
  const sentinels = await startSentinels([db, db, db], lost);
  const client = await startProgram(app, new URL('./redis-waits-client.mjs', import.meta.url), {
    ...{
      lost: placeOf(lost),
      lostNodes: lostNodes.map(placeOf),
      sentinels: sentinels.map(placeOf),
      well: placeOf(well),
      password,
    },
    ...{ tcp: TCP, acquireTimeout: `${LIMIT_MILLIS}ms` },
  });
  await hear(client);
  await lab.cable('app', 'db').cut();
  client.send('fault');
  await delay(FAULT_MILLIS);
  await lab.cable('app', 'db').heal();
  client.send('heal');
  const { reports, blocked } = await hear<{ reports: Report[]; blocked: unknown[] }>(client);
  for (const { name, longestMillis, failed, codes, servedMillis } of reports) {
    const longest = Math.round(longestMillis);
    console.info(
      `${name}: ${failed} told, at most after ${longest} ms (${codes}), served ${Math.round(servedMillis)} ms`,
    );
    expect(longestMillis, name).toBeLessThan(LIMIT_MILLIS + NOTICE_MILLIS + NOISE_MILLIS);
    expect(failed, name).toBeGreaterThan(0);
    expect(servedMillis, name).toBeLessThan(RETURN_MILLIS + NOISE_MILLIS);
  }
  // These had no outage, and were blocked for longer than the limit.
  expect(blocked).toEqual(['answered', 'answered']);
});
