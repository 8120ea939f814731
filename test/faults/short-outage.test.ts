import { once } from 'node:events';
import { release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, type NodeProcess } from '@lifeguard/lab';
import { expect, test } from 'vitest';

/** The kernel repeats what is lost after 0.2, 0.6, 1.4, 3.0 and 6.2 s by itself: the network returns when it has just begun to wait. */
const OUTAGE_MILLIS = 3600;
/** Hardened, it repeats it once a second. */
const LONGEST_WAIT_MILLIS = 1000;
const NOISE_MILLIS = 500;

const unavailable = (await Lab.available()) ?? tooOld();
if (unavailable) console.warn(`left out: a short outage, because ${unavailable}`);
const possible = unavailable === undefined || (process.env['CI'] === 'true' && tooOld() === undefined);

function tooOld(): string | undefined {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 15)
    ? undefined
    : `TCP_RTO_MAX_MS came with Linux 6.15, this is ${release()}`;
}

async function hear<M>(client: NodeProcess): Promise<M> {
  const [message] = await once(client.messages, 'message');
  return message as M;
}

test.skipIf(!possible)('after an outage of a few seconds the network’s return is noticed within a second', async () => {
  await using lab = await Lab.create();
  const [app, db] = [await lab.host('app'), await lab.host('db')];
  const server = await db.node(new URL('./echo-server.mjs', import.meta.url), [], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const port = await hear<number>(server);
  const client = await app.node(new URL('./short-outage-client.mjs', import.meta.url), [
    JSON.stringify({ host: db.address, port }),
  ]);
  await hear(client);

  const cable = lab.cable('app', 'db');
  await cable.cut();
  client.send('cut');
  await hear(client);
  await sleep(OUTAGE_MILLIS);
  await cable.heal();
  client.send('healed');
  const { hardened = 0, stock = 0 } = await hear<Record<string, number>>(client);

  console.log(`answered after the healing: hardened ${hardened.toFixed(0)} ms, stock ${stock.toFixed(0)} ms`);
  expect(hardened).toBeLessThan(LONGEST_WAIT_MILLIS + NOISE_MILLIS);
  expect(stock).toBeGreaterThan(hardened);
  expect(stock).toBeGreaterThan(LONGEST_WAIT_MILLIS + NOISE_MILLIS);
});
