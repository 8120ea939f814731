import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { createPool } from '@lifeguard/pool';
import { expect, test } from 'vitest';
import { createClient, createCluster, redisFactory } from './index.js';

const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

test('Sentinels are asked as long as somebody waits, and no longer', async () => {
  let asked = 0;
  const sentinel = createServer((socket) => {
    asked += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(sentinel, 'listening');
  const { port } = sentinel.address() as AddressInfo;
  const pool = createPool(redisFactory({ sentinels: [{ host: '127.0.0.1', port }], name: 'main' }), {
    logger,
    connectTimeoutMillis: 300,
    acquireTimeoutMillis: 1500,
  });
  await expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
  await pool.close();
  const before = asked;
  expect(before).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(asked).toBe(before);
  sentinel.close();
});

test('Sentinels that refuse are asked again soon, and who waits is told why', async () => {
  const sentinels = [1, 2].map((port) => ({ host: '127.0.0.1', port }));
  const pool = createPool(redisFactory({ sentinels, name: 'main' }), { logger, acquireTimeoutMillis: 300 });
  const refused = { code: 'ECONNREFUSED' };
  await expect(pool.acquire()).rejects.toMatchObject({ cause: { errors: [refused, refused] } });
  await pool.close();
});

test('a URL that can’t be parsed is not shown, for it may have a password in it', async () => {
  const url = 'redis://:s3cret@host:port';
  const pool = createPool(redisFactory(url), { logger });
  const errors = [await pool.acquire().catch((error: unknown) => error)];
  await pool.close();
  try {
    createClient(url);
  } catch (error) {
    errors.push(error);
  }
  expect(errors).toMatchObject([{ code: 'ERR_CONFIG' }, { code: 'ERR_CONFIG' }]);
  for (const error of errors) expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('s3cret');
});

test('a duplicate is made by its own options', async () => {
  const client = createClient({ lazyConnect: true, retryStrategy: () => null });
  const toSentinels = client.duplicate({ sentinels: [{ host: '127.0.0.1', port: 1 }], name: 'main' });
  const told = new Promise((resolve) => toSentinels.once('error', resolve));
  toSentinels.connect().catch(() => {});
  expect(String(await told)).toContain('All sentinels are unreachable');
  toSentinels.disconnect();
});

test('the password of Sentinels that they refuse is in no error', async () => {
  const sentinel = createServer((socket) => {
    socket.on('data', () => socket.write('-WRONGPASS invalid username-password pair or user is disabled.\r\n'));
  }).listen(0, '127.0.0.1');
  await once(sentinel, 'listening');
  const { port } = sentinel.address() as AddressInfo;
  const factory = redisFactory({ sentinels: [{ host: '127.0.0.1', port }], name: 'main', sentinelPassword: 's3cret' });
  const error = await Promise.resolve(factory.create()).catch((error: unknown) => error);
  sentinel.close();
  expect(error).toMatchObject({ errors: [{ message: expect.stringContaining('WRONGPASS') }] });
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('s3cret');
});

test('a node of a cluster whose URL can’t be parsed is told of at once, and is not shown', () => {
  let thrown: unknown;
  try {
    createCluster(['redis://127.0.0.1:1', 'redis://:s3cret@host:port']).disconnect();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'ERR_CONFIG' });
  expect(inspect(thrown, { showHidden: true, depth: 9 })).not.toContain('s3cret');
});

test('an argument that is none is refused, as by `new Redis`', () => {
  expect(() => createClient(true as unknown as string, { lazyConnect: true })).toThrow('Invalid argument true');
});
