import { setTimeout as delay } from 'node:timers/promises';
import { Lab, type Postgres, startPostgres } from '@lifeguard/lab';
import type { TcpOptions } from '@lifeguard/tcp';
import { describe, expect, test, vi } from 'vitest';
import { DEFAULTS, NOISE_MILLIS, TCP } from './limits.js';
import { openPoolOn, type PoolOnHost } from './pool-on-host.js';

const CONNECTIONS = 4;
/** Far more than what the buffers of both kernels hold (tcp_wmem and tcp_rmem: 4 MB and 6 MB). */
const BULK_LENGTH = 30_000_000;

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: the frozen peer, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

interface Scene extends AsyncDisposable {
  readonly postgres: Postgres;
  readonly client: PoolOnHost;
}

async function setUp(tcp: TcpOptions): Promise<Scene> {
  const lab = await Lab.create();
  const [app, db] = [await lab.host('app'), await lab.host('db')];
  const postgres = await startPostgres(db);
  const client = await openPoolOn(app, postgres, { max: CONNECTIONS, tcp });
  return { postgres, client, [Symbol.asyncDispose]: () => lab.close() };
}

async function untilLent(client: PoolOnHost, borrowed: number): Promise<void> {
  const lent = async () => expect(await client.call('look')).toMatchObject({ borrowed });
  await vi.waitFor(lent, { timeout: 10_000 });
}

describe.skipIf(!possible).concurrent('the peer’s processes are frozen, its kernel goes on', () => {
  test.each([
    ['the default options', DEFAULTS],
    // All of it is over long before the peer is thawed.
    ['short options', TCP],
  ])('for 5 s, and thawed, %s: nothing is evicted, every query is answered', async (_, tcp) => {
    await using scene = await setUp(tcp);
    const { postgres, client } = scene;
    const underWay = [1, 2].map((n) => client.call('ask', 'SELECT $1::int AS value, pg_sleep(1)', [n]));
    await untilLent(client, 2);
    await postgres.freeze();
    const start = performance.now();
    // One on an idle connection; one is left idle.
    const sent = client.call('ask', 'SELECT $1::int AS value', [3]);
    await untilLent(client, 3);
    await delay(5000 - (performance.now() - start));
    expect(await client.call('look')).toMatchObject({ log: [], size: CONNECTIONS, available: 1, borrowed: 3 });
    await postgres.thaw();
    const answers = await Promise.all([...underWay, sent]);
    expect(answers.map(({ value, error }) => value ?? error)).toEqual([1, 2, 3]);
    for (const { tookMillis } of answers) expect(tookMillis).toBeGreaterThan(4500);
    expect(await client.call('look')).toMatchObject({ log: [], size: CONNECTIONS, available: CONNECTIONS });
    await client.call('close');
  });
});

describe
  .skipIf(!possible)
  .concurrent('a peer that does not read: its window stays closed while more is to be sent', () => {
    test('for longer than the user timeout: ETIMEDOUT, of that connection and no other', async () => {
      await using scene = await setUp(TCP);
      const { postgres, client } = scene;
      await postgres.freeze();
      const { error, tookMillis } = await client.call('askLength', BULK_LENGTH);
      console.info(
        `closed window, user timeout ${TCP.userTimeoutMillis} ms: ${error} after ${Math.round(tookMillis)} ms`,
      );
      expect(error).toBe('ETIMEDOUT');
      expect(tookMillis).toBeGreaterThan(TCP.userTimeoutMillis - 100);
      expect(tookMillis).toBeLessThan(TCP.userTimeoutMillis + NOISE_MILLIS);
      await postgres.thaw();
      expect(await client.call('ask', 'SELECT 1 AS value', [])).toMatchObject({ value: 1 });
      // The others have to answer before they are lent again; for who asks meanwhile one more may be opened.
      const { log, size } = await client.call('look');
      expect(log).toEqual(['evicted (timed-out)']);
      expect(size).toBeGreaterThanOrEqual(CONNECTIONS - 1);
      await client.call('close');
    });

    test('for less than the user timeout: answered when it reads on, nothing is evicted', async () => {
      await using scene = await setUp(DEFAULTS);
      const { postgres, client } = scene;
      await postgres.freeze();
      const bulk = client.call('askLength', BULK_LENGTH);
      await untilLent(client, 1);
      await delay(5000);
      expect(await client.call('look')).toMatchObject({ log: [], size: CONNECTIONS, borrowed: 1 });
      await postgres.thaw();
      expect(await bulk).toMatchObject({ value: BULK_LENGTH });
      expect(await client.call('look')).toMatchObject({ log: [], size: CONNECTIONS, available: CONNECTIONS });
      await client.call('close');
    });
  });
