import assert from 'node:assert/strict';
import { createClient, createCluster, redisFactory } from '@lifeguard/ioredis';
import { createPool } from '@lifeguard/pool';
import { config, logger } from './service.mjs';

const { host, port, password, tcp } = config;
const name = 'used by ioredis';
const client = createClient({ host, port, password, tcp });
await client.set(name, 'one');
assert.equal(await client.append(name, ' two'), 7);
assert.deepEqual(await client.multi().get(name).del(name).exec(), [
  [null, 'one two'],
  [null, 1],
]);
assert.equal(await client.get(name), null);
await assert.rejects(client.call('NONSENSE'), /unknown command/);
await client.quit();

// Where nobody listens, who waits is told in time.
process.env['LIFEGUARD_ACQUIRE_TIMEOUT'] = '300ms';
const away = { host: '127.0.0.1', port: 1 };
const idle = createClient({ ...away, lazyConnect: true });
const sentinels = { sentinels: [away], name };
for (const lonely of [createClient(away), idle.duplicate(), createClient(sentinels), createCluster([away])]) {
  lonely.on('error', () => {});
  await assert.rejects(lonely.get(name), { code: 'ERR_REDIS_NOT_CONNECTED', sent: false });
  lonely.disconnect();
}
delete process.env['LIFEGUARD_ACQUIRE_TIMEOUT'];

const pool = createPool(redisFactory({ host, port, password }), { tcp, logger, max: 1 });
await pool.use(async (connection) => {
  await connection.watch(name);
  await connection.rpush(name, 'x');
  // What it watches has changed.
  assert.equal(await connection.multi().del(name).exec(), null);
  assert.deepEqual(await connection.blpop(name, 1), [name, 'x']);
  await connection.select(1);
  await connection.set(name, 'in the other database');
});
// Put right again.
assert.equal(await pool.use((connection) => connection.exists(name)), 0);
assert.equal(pool.created ?? 1, 1);
await pool.close();
