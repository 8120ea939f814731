import { once } from 'node:events';
import { Lab, type NodeProcess, startPostgres } from '@lifeguard/lab';
import { expect, test } from 'vitest';

interface Point {
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number | { readonly count: number; readonly min: number; readonly max: number };
}

type Exported = Readonly<Record<string, readonly Point[]>>;

const TCP = { keepAliveIdleMillis: 1000, keepAliveIntervalMillis: 1000, keepAliveCount: 4, userTimeoutMillis: 5000 };
/** By these options the kernel gives up 5 s after the last sign. */
const KERNEL_MILLIS = 5000;
const NOISE_MILLIS = 3000;
const LENT = 2;

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: metrics of a silent cut, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

test.skipIf(!possible)('a silent cut shows: suspects, evictions with their reasons, and how soon', async () => {
  await using lab = await Lab.create();
  const [app, db] = await Promise.all([lab.host('app'), lab.host('db')]);
  const { connectionString } = await startPostgres(db);
  const options = { connectionString, name: 'orders', max: LENT + 1, idleTimeoutMillis: 0, tcp: TCP };
  const client = await app.node(new URL('./metrics-client.mjs', import.meta.url), [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const before = await hear(client);
  expect(pointOf(before, 'db.client.connection.count', { 'db.client.connection.state': 'used' })).toBe(LENT);
  expect(pointOf(before, 'db.client.connection.count', { 'db.client.connection.state': 'idle' })).toBe(1);
  expect(before['lifeguard.connection.suspects'] ?? []).toEqual([]);

  await lab.cable('app', 'db').cut();
  let seen = before;
  await expect
    .poll(
      async () => {
        seen = await look(client);
        return sumOf(seen, 'lifeguard.connection.evictions');
      },
      { timeout: KERNEL_MILLIS + NOISE_MILLIS, interval: 200 },
    )
    .toBe(LENT + 1);
  const reasons = seen['lifeguard.connection.evictions']?.map((each) => each.attributes['lifeguard.eviction.reason']);
  for (const reason of reasons ?? []) expect(['timed-out', 'unanswered']).toContain(reason);
  expect(sumOf(seen, 'lifeguard.connection.suspects')).toBe(LENT + 1);
  expect(sumOf(seen, 'lifeguard.connection.recoveries')).toBe(0);
  const [detection] = seen['lifeguard.connection.detection_time'] ?? [];
  expect(detection?.value).toMatchObject({ count: LENT + 1 });
  const { max = Number.NaN } = Object(detection?.value) as { max?: number };
  expect(max).toBeGreaterThan(0.5);
  expect(max).toBeLessThan((KERNEL_MILLIS + NOISE_MILLIS) / 1000);
  expect(pointOf(seen, 'db.client.connection.count', { 'db.client.connection.state': 'used' })).toBe(0);
  const [use] = seen['db.client.connection.use_time'] ?? [];
  expect(use?.value).toMatchObject({ count: LENT + 1 });
  for (const points of Object.values(seen)) {
    for (const { attributes } of points) expect(attributes['db.client.connection.pool.name']).toBe('orders');
  }
});

async function hear(client: NodeProcess): Promise<Exported> {
  const [message] = await once(client.messages, 'message');
  return message as Exported;
}

async function look(client: NodeProcess): Promise<Exported> {
  const answer = hear(client);
  client.send('look');
  return answer;
}

function pointOf(
  exported: Exported,
  metric: string,
  wanted: Readonly<Record<string, string>>,
): Point['value'] | undefined {
  const matches = ({ attributes }: Point) => Object.entries(wanted).every(([key, value]) => attributes[key] === value);
  return exported[metric]?.find(matches)?.value;
}

function sumOf(exported: Exported, metric: string): number {
  return (exported[metric] ?? []).reduce((sum, { value }) => sum + Number(value), 0);
}
