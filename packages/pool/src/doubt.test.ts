// A peer that has stopped answering needs a network that loses packets: that is in test/faults. Here the peer is there.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { silentLogger as logger } from './logger.fixture.js';
import type { PoolOptions } from './options.js';
import { createPool, type Pool } from './pool.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server, and a pool that holds `lent` connections to it, of which `idle` have been given back. */
async function serve({ idle, lent = 0 }: { idle: number; lent?: number }) {
  const accepted = new Map<number | undefined, Socket>();
  const server = net.createServer((socket) => {
    accepted.set(socket.remotePort, socket.on('error', () => {}).resume());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const create = async () => {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const options: PoolOptions = { logger, max: 20, maxConnecting: 20 };
  const factory = { create, destroy: (socket: Socket) => socket.destroy() };
  const pool: Pool<Socket> = createPool(factory, options);
  cleanups.push(() => pool.close({ timeoutMillis: 1 }));
  const all = await Promise.all(Array.from({ length: idle + lent }, () => pool.acquire()));
  await expect.poll(() => accepted.size).toBe(idle + lent);
  for (const socket of all.slice(lent)) await pool.release(socket);
  const reset = (socket: Socket) => accepted.get(socket.localPort)?.resetAndDestroy();
  return { pool, all, reset };
}

const places = (pool: Pool<Socket>) => pool.connections().map(({ place }) => place);

test('when one connection fails its idle siblings are set aside in the same turn, and those that answer are lent again', async () => {
  const { pool, all, reset } = await serve({ idle: 3 });
  const inTheSameTurn = new Promise((resolve) => pool.once('evict', () => resolve([places(pool), pool.available])));
  const [first, ...siblings] = all as [Socket, ...Socket[]];
  reset(first);
  await expect(inTheSameTurn).resolves.toEqual([['quarantined', 'quarantined'], 0]);
  await expect.poll(() => places(pool)).toEqual(['idle', 'idle']);
  expect(siblings).toContain(await pool.acquire());
  expect(pool.stats()).toMatchObject({ created: 3, evicted: { reset: 1 }, suspected: 0 });
});

test('who comes meanwhile has a new connection or one that has answered, whichever is first', async () => {
  const { pool, all, reset } = await serve({ idle: 2 });
  const acquired = new Promise<Socket>((resolve) => pool.once('evict', () => resolve(pool.acquire())));
  reset(all[0] as Socket);
  const socket = await acquired;
  expect(socket).not.toBe(all[0]);
  expect(socket.destroyed).toBe(false);
});

test('the failure of a lent connection is heard by idle ones, and lent siblings stay with their borrowers', async () => {
  const { pool, all, reset } = await serve({ idle: 1, lent: 2 });
  const [first, second] = all as [Socket, Socket];
  reset(first);
  await new Promise((resolve) => first.once('close', resolve));
  await expect.poll(() => places(pool)).toEqual(['lent', 'lent', 'idle']);
  expect(second.destroyed).toBe(false);
  // Given back, it has to give a sign before it is lent again.
  void pool.release(second);
  expect(places(pool)).toEqual(['lent', 'quarantined', 'idle']);
  await expect.poll(() => places(pool)).toEqual(['lent', 'idle', 'idle']);
});

test('a connection that fails in quarantine is evicted with the socket’s own reason', async () => {
  const { pool, all, reset } = await serve({ idle: 2 });
  const [first, second] = all as [Socket, Socket];
  pool.once('evict', () => reset(second));
  reset(first);
  await expect.poll(() => pool.stats().evicted).toEqual({ reset: 2 });
  expect(pool.size).toBe(0);
});

test('close and destroy take what is in quarantine, too', async () => {
  const { pool, all, reset } = await serve({ idle: 3 });
  const [first, second] = all as [Socket, Socket];
  const evicted = once(pool, 'evict');
  reset(first);
  await evicted;
  await pool.destroy(second);
  await pool.close();
  expect(pool.stats().evicted).toEqual({ reset: 1, destroyed: 1, closed: 1 });
  expect(pool.size).toBe(0);
});
