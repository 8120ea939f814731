import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, expect, test } from 'vitest';
import type { PoolMessage } from './events.js';
import { silentLogger as logger } from './logger.fixture.js';
import { createPool } from './pool.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** What all pools of the process publish by these events. */
function listen(...events: string[]) {
  const heard: [string, PoolMessage][] = [];
  for (const event of events) {
    const name = `lifeguard:pool:${event}`;
    const hear = (message: unknown) => void heard.push([event, message as PoolMessage]);
    subscribe(name, hear);
    cleanups.push(() => unsubscribe(name, hear));
  }
  return heard;
}

test('diagnostics_channel tells what the events tell, of every pool of the process', async () => {
  const heard = listen('open', 'connect', 'acquire', 'release', 'evict', 'error', 'closed');
  const connection = { id: 1 };
  const pool = createPool({ create: async () => connection, destroy: async () => {} }, { logger });
  const error = new Error('broken');
  await pool.acquire();
  await pool.release(connection, error);
  await pool.close();
  expect(heard).toEqual([
    ['open', { pool }],
    ['connect', { pool, connection, connectMillis: expect.any(Number) }],
    ['acquire', { pool, connection, waitingSince: expect.any(Number) }],
    ['release', { pool, connection, error }],
    ['evict', { pool, connection, reason: 'released-with-error', error }],
    ['closed', { pool }],
  ]);
});

test('a failed connect that nobody waits for is published as an error', async () => {
  const heard = listen('error');
  const error = new Error('refused');
  const pool = createPool({ create: () => Promise.reject(error), destroy: async () => {} }, { min: 1, logger });
  await expect.poll(() => heard.length).toBeGreaterThan(0);
  expect(heard[0]).toEqual(['error', { pool, error }]);
  await pool.close();
});

test('it is told how long a connect has taken, and how long a borrower has waited, or that it has not', async () => {
  const heard = listen('connect', 'acquire');
  const create = () => new Promise<object>((resolve) => setTimeout(resolve, 20, {}));
  const pool = createPool({ create, destroy: async () => {} }, { max: 1, logger });
  const waits: (number | undefined)[] = [];
  pool.on('acquire', (_, since) => waits.push(since === undefined ? since : performance.now() - since));
  const connection = await pool.acquire();
  await pool.release(connection);
  await pool.acquire();
  const [connected, first, second] = heard.map(([, message]) => message);
  expect(connected?.connectMillis).toBeGreaterThan(15);
  expect(first?.waitingSince).toEqual(expect.any(Number));
  expect(waits[0]).toBeGreaterThan(15);
  expect(second?.waitingSince).toBeUndefined();
  expect(waits).toHaveLength(2);
  await pool.release(connection);
  await pool.close();
});

test('a pool has the name of its options, else that of its factory', () => {
  const factory = { create: async () => ({}), destroy: async () => {} };
  expect(createPool({ ...factory, name: 'db' }, { name: 'orders' }).name).toBe('orders');
  expect(createPool({ ...factory, name: 'db' }).name).toBe('db');
});

test('who waits is told of in its own async context, with the promise that it waits for', async () => {
  const pool = createPool({ create: async () => ({}), destroy: async () => {} }, { max: 1, logger });
  const caller = new AsyncLocalStorage<string>();
  const heard: unknown[] = [];
  pool.on('wait', (served) => heard.push(caller.getStore(), served));
  const connection = await pool.acquire();
  heard.length = 0;
  const served = caller.run('somebody', () => pool.acquire());
  expect(heard).toEqual(['somebody', served]);
  expect(heard[1]).toBe(served);
  await pool.release(connection);
  await pool.release(await served);
  await pool.use(() => {});
  expect(heard).toHaveLength(2);
  await pool.close();
});
