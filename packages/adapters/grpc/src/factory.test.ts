import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { credentials, status } from '@grpc/grpc-js';
import { createPool, type Pool, type PoolOptions } from '@lifeguard/pool';
import { inspect } from '@lifeguard/tcp';
import { expect, onTestFinished, test } from 'vitest';
import { EchoClient, openedSockets, say, startEcho, trusting, untilClosed } from './echo.fixture.js';
import { grpcFactory } from './factory.js';

const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 7000,
  keepAliveIntervalMillis: 2000,
  keepAliveCount: 4,
  userTimeoutMillis: 15_000,
};
const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

function open(
  address: string,
  options: PoolOptions = {},
  trust = credentials.createInsecure(),
  name = 'localhost',
): Pool<EchoClient> {
  const factory = grpcFactory(EchoClient, address, trust, { 'grpc.ssl_target_name_override': name });
  const pool = createPool(factory, { tcp: TCP, logger, max: 2, ...options });
  onTestFinished(() => pool.close({ timeoutMillis: 100 }).catch(() => {}));
  return pool;
}

test.each([
  ['plain', false],
  ['TLS', true],
])('each client has a hardened connection of its own, and is lent again: %s', async (_, tls) => {
  const sockets = openedSockets();
  const { address } = await startEcho({ tls });
  const pool = open(address, {}, tls ? trusting() : credentials.createInsecure());
  const clients = await Promise.all([pool.acquire(), pool.acquire()]);
  for (const client of clients) await expect(say(client, 'hello')).resolves.toBe('hello');
  expect(sockets.map((socket) => inspect(socket)?.options)).toEqual([TCP, TCP]);
  for (const client of clients) await pool.release(client);
  expect(clients).toContain(await pool.use((client) => client));
});

test('a client whose connection is lost is evicted at once, and does not reconnect behind the pool’s back', async () => {
  const sockets = openedSockets();
  const server = await startEcho();
  const pool = open(server.address);
  const client = await pool.acquire();
  await say(client, 'hello');
  const evicted = once(pool, 'evict');
  server.kill();
  await Promise.all(sockets.map(untilClosed));
  await startEcho({ port: server.port });
  await expect(say(client, 'again')).rejects.toMatchObject({ code: status.UNAVAILABLE });
  expect(sockets).toHaveLength(1);
  await pool.release(client);
  await evicted;
  await expect(pool.use((other) => say(other, 'new'))).resolves.toBe('new');
});

test('an idle client is evicted when its server shuts down', async () => {
  const server = await startEcho();
  const pool = open(server.address);
  await pool.use((client) => say(client, 'hello'));
  const evicted = once(pool, 'evict');
  await server.shutDown();
  await evicted;
  expect(pool.size).toBe(0);
});

test('a call’s own error does not cost the connection', async () => {
  const { address } = await startEcho();
  const pool = open(address, { max: 1 });
  const first = await pool.use((client) => client);
  await expect(pool.use((client) => say(client, 'refuse'))).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  await expect(pool.use((client) => say(client, 'hang', { deadline: Date.now() + 20 }))).rejects.toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  });
  await expect(pool.use((client) => client)).resolves.toBe(first);
});

test('who waits in vain is told why it could not be connected', async () => {
  const server = await startEcho();
  server.kill();
  const pool = open(server.address, { acquireTimeoutMillis: 300 });
  await expect(pool.acquire()).rejects.toMatchObject({
    code: 'ERR_POOL_ACQUIRE_TIMEOUT',
    cause: { code: status.UNAVAILABLE, details: expect.stringContaining('ECONNREFUSED') },
  });
});

test.each([
  ['that signs itself', credentials.createSsl(), 'localhost'],
  ['for another name', trusting(), 'elsewhere'],
])('a certificate %s is told at once: to try again can’t help', async (_, trust, name) => {
  const { address } = await startEcho({ tls: true });
  const pool = open(address, {}, trust, name);
  await expect(pool.acquire()).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

test('a server without TLS is told at once, if the client wants TLS', async () => {
  const { address } = await startEcho();
  await expect(open(address, {}, trusting()).acquire()).rejects.toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringContaining('wrong version number'),
  });
});

test('a server that accepts and says nothing is given up when the connect’s time is over', async () => {
  const sockets = openedSockets();
  const mute = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  onTestFinished(() => void mute.close());
  const { port } = mute.address() as AddressInfo;
  const pool = open(`127.0.0.1:${port}`, { connectTimeoutMillis: 100, acquireTimeoutMillis: 300 });
  await expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
  await pool.close();
  await Promise.all(sockets.map(untilClosed));
});

test('what the constructor throws is the caller’s, and told at once', async () => {
  class Broken extends (EchoClient as unknown as {
    new (...args: ConstructorParameters<typeof EchoClient>): EchoClient;
  }) {
    constructor(...args: ConstructorParameters<typeof EchoClient>) {
      super(...args);
      throw new RangeError('broken');
    }
  }
  const pool = createPool(grpcFactory(Broken, '127.0.0.1:1', credentials.createInsecure()), { logger });
  await expect(pool.acquire()).rejects.toThrow('broken');
});

test('a pool is closed with nothing left, also while a call is under way', async () => {
  const sockets = openedSockets();
  const { address } = await startEcho();
  const pool = open(address);
  const client = await pool.acquire();
  const stream = client.repeat({ text: 'hang' });
  await once(stream, 'data');
  const failed = once(stream, 'error');
  await pool.destroy(client);
  await pool.close();
  await expect(failed).resolves.toMatchObject([{ code: status.UNAVAILABLE }]);
  await Promise.all(sockets.map(untilClosed));
});

test('a client that is given back with a call under way is lent when that has ended, and closed if it takes too long', async () => {
  const { address } = await startEcho();
  const pool = open(address, { max: 1 });
  const first = await pool.acquire();
  const cancelled = first.repeat({ text: 'hang' }).on('error', () => {});
  await once(cancelled, 'data');
  cancelled.cancel();
  await pool.release(first);
  const second = await pool.acquire();
  expect(second).toBe(first);
  await once(
    second.repeat({ text: 'hang' }).on('error', () => {}),
    'data',
  );
  await pool.release(second);
  await expect(pool.use((third) => third)).resolves.not.toBe(second);
});
