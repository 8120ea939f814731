import { expect, onTestFinished, test, vi } from 'vitest';
import { clockMillis, roughMillis } from './clock.js';
import { createPool, type PoolOptions } from './index.js';
import { silentLogger as logger } from './logger.fixture.js';

const HOUR = 3_600_000;

/** As an administrator does, or a time server after a long sleep; or a test that replaces `Date` and no more. */
function setMachineClock(byMillis: number): void {
  const { now } = Date;
  const spy = vi.spyOn(Date, 'now').mockImplementation(() => now.call(Date) + byMillis);
  onTestFinished(() => spy.mockRestore());
}

function makePool(options: PoolOptions) {
  let made = 0;
  const pool = createPool({ create: async () => ++made, destroy: async () => {} }, { logger, ...options });
  onTestFinished(() => pool.close());
  return pool;
}

test.for([-HOUR, HOUR])('the machine’s clock may be set by %i ms', (byMillis) => {
  const before = clockMillis();
  setMachineClock(byMillis);
  expect(clockMillis() - before).toBeLessThan(1000);
  expect(clockMillis()).toBeGreaterThanOrEqual(before);
  expect(Math.abs(roughMillis() - clockMillis())).toBeLessThan(1000);
});

test('it tells whole milliseconds', () => {
  expect(Number.isInteger(clockMillis())).toBe(true);
});

test('a clock that is set forward ends no connection’s life', async () => {
  const pool = makePool({ min: 2, idleTimeoutMillis: 1000 });
  await pool.ready();
  const lent = await pool.acquire();
  setMachineClock(HOUR);
  await new Promise((resolve) => setTimeout(resolve, 120));
  await pool.release(lent);
  await pool.release(await pool.acquire());
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(pool.stats().evicted).toEqual({});
});

test.for([-HOUR, HOUR])('idle connections are closed in time though the clock was set by %i ms', async (byMillis) => {
  const pool = makePool({ idleTimeoutMillis: 100 });
  const lent = await pool.acquire();
  setMachineClock(byMillis);
  await pool.release(lent);
  await pool.release(await pool.acquire());
  await expect.poll(() => pool.stats().evicted, { timeout: 2000 }).toEqual({ idle: 1 });
});
