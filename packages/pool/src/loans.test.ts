import { EventEmitter, once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createPool, type Factory, type PoolOptions } from './index.js';
import { silentLogger as logger } from './logger.fixture.js';
import { nextUncaught } from './uncaught.fixture.js';

function makePool<T>(
  create: Factory<T>['create'],
  options: PoolOptions = {},
  destroy: Factory<T>['destroy'] = () => {},
) {
  const pool = createPool<T>({ create, destroy }, { logger, ...options });
  onTestFinished(() => pool.close({ timeoutMillis: 1 }));
  return pool;
}

const emitters = (options?: PoolOptions) => makePool(() => new EventEmitter(), options);
const timedOut = () => Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' });

test('who is being served can’t be sent away by who is told of the loan', async () => {
  const pool = emitters({ max: 1 });
  const lent = await pool.acquire();
  const abort = new AbortController();
  pool.once('acquire', () => abort.abort());
  const served = pool.acquire({ signal: abort.signal });
  await pool.release(lent);
  await expect(served).resolves.toBe(lent);
  await pool.release(lent);
  expect(pool.available).toBe(1);
});

test.for(['release', 'destroy'] as const)(
  'a connection that failed while it was lent leaves by that reason: %s',
  async (how) => {
    const pool = emitters();
    const evictions: unknown[][] = [];
    pool.on('evict', (...args) => void evictions.push(args));
    const lent = await pool.acquire();
    const error = timedOut();
    lent.emit('error', error);
    // As many drivers tell their callers, whatever had happened.
    await (how === 'release' ? pool.release(lent, new Error('Connection lost')) : pool.destroy(lent));
    expect(evictions).toEqual([[lent, 'timed-out', error]]);
  },
);

test('a connection that its borrower destroys though its time had come was destroyed', async () => {
  const pool = emitters({ maxUses: 1 });
  await pool.destroy(await pool.acquire());
  expect(pool.stats().evicted).toEqual({ destroyed: 1 });
});

test('`use` gives back its own loan, not the next borrower’s', async () => {
  const pool = emitters({ max: 1 });
  const steal = async (lent: EventEmitter) => {
    await pool.release(lent);
    await pool.acquire();
  };
  await pool.use(steal);
  expect(pool.borrowed).toBe(1);
});

test('of the same object made twice one is lent, and the acquire that waits is told why', async () => {
  const only = {};
  const pool = makePool(() => only, { max: 2, acquireTimeoutMillis: 200 });
  const lent = await pool.acquire();
  await expect(pool.acquire()).rejects.toMatchObject({ cause: { name: 'DuplicateConnectionError' } });
  await pool.release(lent);
  await expect(pool.acquire()).resolves.toBe(only);
});

test('a connection whose `on` takes no such events is lent all the same', async () => {
  const strict = () => {
    throw new TypeError('unknown event');
  };
  const pool = makePool(() => ({ on: strict, once: strict }), { max: 1 });
  await pool.release(await pool.acquire());
  expect([pool.size, pool.available]).toEqual([1, 1]);
});

test('a caller who has no time left does not wait', async () => {
  const pool = emitters({ max: 1 });
  const lent = await pool.acquire({ timeoutMillis: -1 }).catch(() => pool.acquire());
  for (const timeoutMillis of [-1, Number.NaN]) {
    await expect(pool.acquire({ timeoutMillis })).rejects.toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
  }
  await pool.release(lent);
  await expect(pool.acquire({ timeoutMillis: -1 })).resolves.toBe(lent);
});

test('`drain` without end has none, and `close` without time takes none', async () => {
  const pool = emitters();
  const lent = await pool.acquire();
  const drained = pool.drain({ timeoutMillis: Number.POSITIVE_INFINITY });
  await expect(Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))])).resolves.toBe(
    'waits',
  );
  await pool.close({ timeoutMillis: -1 });
  expect(pool.isBorrowedResource(lent)).toBe(false);
  await drained;
});

test('a logger that throws costs nobody a connection', async () => {
  const uncaught = nextUncaught();
  let isBroken = true;
  const debug = () => {
    if (!isBroken) return;
    isBroken = false;
    throw new Error('disk full');
  };
  const pool = emitters({ logger: { ...logger, debug } });
  await pool.release(await pool.acquire());
  expect([pool.size, pool.available]).toEqual([1, 1]);
  await expect(uncaught).resolves.toMatchObject({ message: 'disk full' });
});

test('an IPv6 peer can be told from its port', async (context) => {
  const server = net.createServer((socket) => void socket.on('error', () => {}).resume()).listen(0, '::1');
  const isListening = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!isListening) return context.skip('no IPv6 on this machine');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const create = async (): Promise<Socket> => {
    const socket = net.connect(port, '::1');
    await once(socket, 'connect');
    return socket;
  };
  const pool = makePool(create, { min: 1 }, (socket) => void socket.destroy());
  await pool.ready();
  expect(pool.connections()[0]?.peer).toBe(`[::1]:${port}`);
});
