import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger as logger } from './logger.fixture.js';
import { createPool } from './pool.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A pool of which a connection is lent, and never comes back. */
async function poolInUse() {
  const destroyed: object[] = [];
  const pool = createPool({ create: async () => ({}), destroy: (each) => void destroyed.push(each) }, { logger });
  const lent = await pool.acquire();
  return { pool, lent, destroyed };
}

test('drain that was given no time has the patience of half a minute', async () => {
  const { pool } = await poolInUse();
  const drained = expect(pool.drain()).rejects.toMatchObject({ code: 'ERR_POOL_DRAIN_TIMEOUT' });
  await vi.advanceTimersByTimeAsync(29_999);
  expect(pool.borrowed).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  await drained;
});

test('close that was given no time has the patience of half a minute, then takes what is lent', async () => {
  const { pool, lent, destroyed } = await poolInUse();
  const closed = pool.close();
  await vi.advanceTimersByTimeAsync(29_999);
  expect(destroyed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await closed;
  expect(destroyed).toEqual([lent]);
});
