import { expect, test } from 'vitest';
import { silentLogger as logger } from './logger.fixture.js';
import { createPool } from './pool.js';

let made = 0;
const numbered = () => createPool({ create: async () => ++made, destroy: async () => {} }, { logger });

test('a lease gives its connection back at the end of the block, whatever happens there', async () => {
  const pool = numbered();
  const block = async () => {
    await using lease = await pool.lease();
    expect(pool.isBorrowedResource(lease.connection)).toBe(true);
    throw new Error('in the block');
  };
  await expect(block()).rejects.toThrow('in the block');
  expect([pool.borrowed, pool.available]).toEqual([0, 1]);
  await pool.close();
});

test('a lease is given back once: what has been lent to another since stays with that one', async () => {
  const pool = numbered();
  const lease = await pool.lease();
  await lease.release();
  const other = await pool.lease();
  expect(other.connection).toBe(lease.connection);
  await lease.release();
  await lease.destroy();
  await lease[Symbol.asyncDispose]();
  expect(pool.isBorrowedResource(other.connection)).toBe(true);
  await other.release();
  await pool.close();
});

test('what is given back past its lease, and has been lent to another since, stays with that one', async () => {
  const pool = numbered();
  const lease = await pool.lease();
  await pool.release(lease.connection);
  const other = await pool.lease();
  expect(other.connection).toBe(lease.connection);
  await lease.release();
  await lease.destroy();
  expect(pool.isBorrowedResource(other.connection)).toBe(true);
  await other.release();
  await lease.release();
  expect(pool.available).toBe(1);
  await pool.close();
});

test('released with an error its connection is closed, and so it is by destroy', async () => {
  const pool = numbered();
  await (await pool.lease()).release(new Error('broken'));
  await (await pool.lease()).destroy();
  expect(pool.stats().evicted).toEqual({ 'released-with-error': 1, destroyed: 1 });
  await pool.close();
});

test('a lease waits as acquire does', async () => {
  const pool = createPool({ create: async () => ++made, destroy: async () => {} }, { max: 1, logger });
  const lease = await pool.lease();
  await expect(pool.lease({ timeoutMillis: 1 })).rejects.toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
  const next = pool.lease({ priority: 0 });
  await lease.release();
  await (await next).release();
  await pool.close();
});
