// Most drivers keep their socket to themselves: the pool sees what becomes of it all the same.
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { resolveTcpOptions } from '@lifeguard/tcp';
import { afterEach, expect, test } from 'vitest';
import { silentLogger as logger } from './logger.fixture.js';
import { createPool } from './pool.js';
import { Watch } from './watch.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen() {
  const server = net.createServer((socket) => void socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return { server, port: (server.address() as AddressInfo).port };
}

/** A driver that shows nothing of its socket, and does not listen to its errors. */
class Driver {
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = net.connect(port, '127.0.0.1');
  }

  async ready(): Promise<this> {
    await once(this.#socket, 'connect');
    return this;
  }

  closed(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A pool with one idle connection, and the peer's end of that. */
async function poolWithOne() {
  const { server, port } = await listen();
  const accepted = once(server, 'connection');
  const factory = { create: () => new Driver(port).ready(), destroy: (driver: Driver) => driver.close() };
  const pool = createPool(factory, { logger });
  cleanups.push(() => pool.close({ timeoutMillis: 1 }));
  const driver = await pool.acquire();
  await pool.release(driver);
  const [peer] = (await accepted) as [Socket];
  return { pool, driver, peer };
}

test('a reset evicts the connection by its reason, with the socket’s error, which ends no process', async () => {
  const { pool, driver, peer } = await poolWithOne();
  const evicted = once(pool, 'evict');
  peer.resetAndDestroy();
  await expect(evicted).resolves.toEqual([driver, 'reset', expect.objectContaining({ code: 'ECONNRESET' })]);
});

test('a FIN evicts the connection, though the driver has not closed its own end', async () => {
  const { pool, driver, peer } = await poolWithOne();
  const evicted = once(pool, 'evict');
  peer.end();
  await expect(evicted).resolves.toEqual([driver, 'peer-closed', undefined]);
});

test('a lent connection that was reset is closed on its return, though its borrower has seen no error', async () => {
  const { pool, driver, peer } = await poolWithOne();
  await pool.acquire();
  const closed = driver.closed();
  peer.resetAndDestroy();
  await closed;
  await pool.release(driver);
  expect(pool.stats().evicted).toEqual({ reset: 1 });
  expect(pool.size).toBe(0);
});

test('a socket’s error that its borrower has seen ends the connection, though isFatal knows better', async () => {
  const pool = createPool({ create: async () => ({}), destroy: () => {}, isFatal: () => false }, { logger });
  const connection = await pool.acquire();
  await pool.release(connection, Object.assign(new Error('read'), { code: 'ECONNRESET' }));
  expect(pool.stats().evicted).toEqual({ reset: 1 });
});

test('what a create has opened before it throws is closed', async () => {
  const { port } = await listen();
  const opened: Socket[] = [];
  const create = (): object => {
    opened.push(net.connect(port, '127.0.0.1'));
    throw new Error('no');
  };
  const pool = createPool({ create, destroy: () => {}, isPermanent: () => true }, { logger });
  await expect(pool.acquire()).rejects.toThrow('no');
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true]);
});

test('a watch that has ended takes on nothing that its driver opens afterwards', async () => {
  const { port } = await listen();
  const watch = new Watch(resolveTcpOptions());
  const first = watch.open(() => net.connect(port, '127.0.0.1'));
  await once(first, 'connect');
  const reconnect = new Promise<Socket>((resolve) =>
    first.once('close', () => resolve(net.connect(port, '127.0.0.1'))),
  );
  watch.end();
  first.destroy();
  const second = await reconnect;
  await once(second, 'connect');
  expect(watch.hardenings).toEqual([]);
  second.destroy();
});
