import assert from 'node:assert/strict';
import { createPool } from '@lifeguard/pool';
import { createClient, redisFactory } from '@lifeguard/redis';
import { config, logger } from './service.mjs';

const { host, port, password, tcp } = config;
const name = 'used by node-redis';
const server = { socket: { host, port }, password };
const client = await createClient({ ...server, tcp }).connect();
await client.set(name, 'one');
assert.equal(await client.append(name, ' two'), 7);
assert.deepEqual(await client.multi().get(name).del(name).exec(), ['one two', 1]);
assert.equal(await client.get(name), null);
await assert.rejects(client.sendCommand(['NONSENSE']), /unknown command/);
await client.close();

// Where nobody listens, who waits is told in time.
process.env['LIFEGUARD_ACQUIRE_TIMEOUT'] = '300ms';
const lonely = createClient({ socket: { host: '127.0.0.1', port: 1 } });
lonely.connect().catch(() => {});
const late = { code: 'ERR_REDIS_NOT_CONNECTED' };
await Promise.all([
  assert.rejects(lonely.get(name), late),
  assert.rejects(lonely.multi().get(name).exec(), late),
  assert.rejects(lonely.multi().get(name).execAsPipeline(), late),
  assert.rejects(
    lonely.subscribe(name, () => {}),
    { code: 'ECONNREFUSED' },
  ),
]);
lonely.destroy();
delete process.env['LIFEGUARD_ACQUIRE_TIMEOUT'];

const pool = createPool(redisFactory(server), { tcp, logger, max: 1 });
await pool.use(async (connection) => {
  await connection.watch(name);
  await connection.rPush(name, 'x');
  // What it watches has changed.
  await assert.rejects(connection.multi().del(name).exec(), /watched keys/);
  assert.deepEqual({ ...(await connection.blPop(name, 1)) }, { key: name, element: 'x' });
  await connection.select(1);
  await connection.set(name, 'in the other database');
});
// Put right again.
assert.equal(await pool.use((connection) => connection.exists(name)), 0);
await pool.close();
