import { EventEmitter } from 'node:events';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { createPool, type Factory, type Pool, type PoolOptions } from './index.js';
import { silentLogger as logger } from './logger.fixture.js';
import { nextUncaught } from './uncaught.fixture.js';

// Borrowing without a promise: what is there at once, and by callback.

function makePool(options: PoolOptions = {}, factory: Partial<Factory<object>> = {}) {
  const pool = createPool(
    { create: () => new EventEmitter() as object, destroy: () => {}, ...factory },
    { logger, ...options },
  );
  onTestFinished(() => pool.close({ timeoutMillis: 1 }));
  return pool;
}

/** A pool whose connections are idle. */
async function stocked(connections: number, options: PoolOptions = {}, factory: Partial<Factory<object>> = {}) {
  const pool = makePool({ max: connections, min: connections, ...options }, factory);
  await pool.ready();
  return pool;
}

/** What the callback was told. */
function told(pool: Pool<object>): Promise<{ error: unknown; connection: object | undefined }> {
  return new Promise((resolve) => pool.acquireFor((error, connection) => resolve({ error, connection })));
}

afterEach(() => void vi.useRealTimers());

test('tryAcquire lends what is idle, and nothing once that is lent', async () => {
  const pool = await stocked(2);
  const lent = [pool.tryAcquire(), pool.tryAcquire()];
  expect(new Set(lent).size).toBe(2);
  for (const each of lent) expect(pool.isBorrowedResource(each as object)).toBe(true);
  expect(pool.tryAcquire()).toBeUndefined();
  expect([pool.borrowed, pool.available, pool.stats().acquired]).toEqual([2, 0, 2]);
  await pool.release(lent[0] as object);
  expect(pool.tryAcquire()).toBe(lent[0]);
});

test('tryAcquire opens nothing, and passes nobody by who waits', async () => {
  const create = vi.fn(() => ({}));
  const pool = makePool({ max: 1, min: 0 }, { create });
  expect(pool.tryAcquire()).toBeUndefined();
  await new Promise((resolve) => setImmediate(resolve));
  expect(create).not.toHaveBeenCalled();

  const first = await pool.acquire();
  const second = pool.acquire();
  let tried: unknown = 'not yet';
  pool.once('release', () => {
    tried = pool.tryAcquire();
  });
  await pool.release(first);
  expect(tried).toBeUndefined();
  expect(await second).toBe(first);
});

test('tryAcquire lends nothing that is to be tested first, and nothing of a pool that drains', async () => {
  const tested = await stocked(1, { testOnBorrow: true }, { validate: async () => true });
  expect(tested.tryAcquire()).toBeUndefined();
  const drained = await stocked(1);
  await drained.drain();
  expect(drained.tryAcquire()).toBeUndefined();
});

test('a callback has what is idle in a tick of its own, and the loan is told', async () => {
  const pool = await stocked(1);
  const acquired = vi.fn();
  pool.on('acquire', acquired);
  const order: string[] = [];
  const answer = told(pool).then((each) => {
    order.push('told');
    return each;
  });
  order.push('returned');
  const { error, connection } = await answer;
  expect([error, order]).toEqual([null, ['returned', 'told']]);
  expect(pool.isBorrowedResource(connection as object)).toBe(true);
  expect(acquired).toHaveBeenCalledExactlyOnceWith(connection, undefined);
});

test('callbacks and promises wait in one queue: first come, first served', async () => {
  const pool = makePool({ max: 1 });
  const lent = await pool.acquire();
  const served: string[] = [];
  const waiting = [
    told(pool).then(({ connection }) => connection),
    pool.acquire(),
    told(pool).then(({ connection }) => connection),
  ];
  for (const [n, name] of ['first', 'second', 'third'].entries()) void waiting[n]?.then(() => served.push(name));
  expect(pool.pending).toBe(3);
  await pool.release(lent);
  for (const each of waiting) await pool.release((await each) as object);
  expect(served).toEqual(['first', 'second', 'third']);
});

test('a callback opens the connection that it waits for', async () => {
  const pool = makePool({ max: 1 });
  const { error, connection } = await told(pool);
  expect(error).toBeNull();
  expect(pool.isBorrowedResource(connection as object)).toBe(true);
});

test('a callback is told, once, when time is up, and gets nothing later', async () => {
  const pool = makePool({ max: 1, acquireTimeoutMillis: 50 });
  const lent = await pool.acquire();
  const callback = vi.fn();
  pool.acquireFor(callback);
  await vi.waitFor(() => expect(callback).toHaveBeenCalled());
  expect(callback.mock.calls).toEqual([[expect.objectContaining({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' })]]);
  await pool.release(lent);
  expect([callback.mock.calls.length, pool.available, pool.pending]).toEqual([1, 1, 0]);
});

test('a callback is told why it is refused: closed, full, a password that is wrong', async () => {
  const closed = makePool();
  await closed.close();
  await expect(told(closed)).resolves.toMatchObject({ error: { code: 'ERR_POOL_CLOSED' }, connection: undefined });

  const full = makePool({ max: 1, maxWaitingClients: 1 });
  const lent = await full.acquire();
  const first = told(full);
  await expect(told(full)).resolves.toMatchObject({ error: { code: 'ERR_POOL_QUEUE_FULL' } });
  await full.release(lent);
  await expect(first).resolves.toMatchObject({ connection: lent });

  const wrong = new Error('password authentication failed');
  const refused = makePool({}, { create: () => Promise.reject(wrong), isPermanent: () => true });
  await expect(told(refused)).resolves.toMatchObject({ error: wrong });
});

test('callbacks that wait are refused when the pool is closed', async () => {
  const pool = makePool({ max: 1 });
  await pool.acquire();
  const waiting = told(pool);
  void pool.close({ timeoutMillis: 1 });
  await expect(waiting).resolves.toMatchObject({ error: { code: 'ERR_POOL_CLOSED' } });
});

test('who hears of those who wait is given a promise for a callback, too', async () => {
  const pool = makePool({ max: 1 });
  const lent = await pool.acquire();
  const heard = new Promise<PromiseLike<object>>((resolve) => pool.on('wait', resolve));
  const waiting = told(pool);
  expect(await Promise.race([heard.then((served) => served instanceof Promise), 'unheard'])).toBe('unheard');
  await pool.release(lent);
  expect(await await heard).toBe(lent);
  expect((await waiting).connection).toBe(lent);
});

test('what a callback throws is uncaught, and costs nobody a connection', async () => {
  const pool = makePool({ max: 1 });
  const lent = await pool.acquire();
  const uncaught = nextUncaught();
  let had: object | undefined;
  pool.acquireFor((_, connection) => {
    had = connection;
    throw new Error('of the callback');
  });
  await pool.release(lent);
  await expect(uncaught).resolves.toMatchObject({ message: 'of the callback' });
  await pool.release(had as object);
  expect(pool.available).toBe(1);
});
