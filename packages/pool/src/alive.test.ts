import { expect, test } from 'vitest';
import { silentLogger as logger } from './logger.fixture.js';
import { createPool } from './pool.js';

/** Timers that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

test('while connects fail, a minimum keeps no process alive, and who waits does', async () => {
  const before = timers();
  const pool = createPool(
    { create: () => Promise.reject(new Error('no')), destroy: () => {} },
    { min: 1, acquireTimeoutMillis: 0, logger },
  );
  await new Promise((resolve) => pool.once('factoryCreateError', resolve));
  await new Promise(setImmediate);
  expect(timers()).toBe(before);
  const waiting = pool.acquire();
  expect(timers()).toBe(before + 1);
  await pool.close();
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_POOL_CLOSED' });
  expect(timers()).toBe(before);
});
