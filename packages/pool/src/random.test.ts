import { expect, test } from 'vitest';
import { createPool } from './pool.js';

const LEASES = 5000;
const BORROWERS = 50;

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('whatever borrowers and connections do: none is lent twice or dead, none is lost, none is left', async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
  console.log(`SEED=${seed}`);
  const random = randomFrom(seed);
  const oneIn = (n: number) => random() < 1 / n;

  const alive = new Set<object>();
  const held = new Set<object>();
  const wrong: string[] = [];
  const pool = createPool(
    {
      create: async () => {
        if (oneIn(10)) await sleep(random() * 3);
        if (oneIn(50)) throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
        const connection = { used: false };
        alive.add(connection);
        return connection;
      },
      destroy: async (connection) => {
        if (!alive.delete(connection)) wrong.push('destroyed twice');
        if (oneIn(10)) await sleep(1);
        if (oneIn(20)) throw new Error('destroy');
      },
      // Only of what has been used: else the pool would take the server for unwell, and rightly pause.
      validate: async (connection) => !connection.used || !oneIn(50),
      reset: async (connection) => {
        connection.used = true;
        if (oneIn(50)) throw new Error('reset');
      },
    },
    { min: 2, max: 8, testOnBorrow: true, idleTimeoutMillis: 5, maxUses: 50, maxLifetimeMillis: 300, logger: silent },
  );

  let leases = 0;
  const lease = async () => {
    const signal = oneIn(20) ? AbortSignal.timeout(Math.ceil(random() * 3)) : undefined;
    const connection = await pool.acquire({ ...(signal && { signal }), ...(oneIn(20) && { timeoutMillis: 2 }) });
    if (held.has(connection)) wrong.push('lent twice');
    if (!alive.has(connection)) wrong.push('lent dead');
    held.add(connection);
    if (oneIn(10)) await sleep(random() * 2);
    held.delete(connection);
    if (oneIn(50)) await pool.destroy(connection);
    else await pool.release(connection, oneIn(50) ? new Error('borrower') : undefined);
  };
  const borrow = async () => {
    for (; leases < LEASES; leases += 1) {
      await lease().catch(() => {});
      if (oneIn(500)) void pool.clear();
    }
  };
  await Promise.all(Array.from({ length: BORROWERS }, borrow));

  // No place has been lost on the way.
  const all = await Promise.all(Array.from({ length: 8 }, () => pool.acquire()));
  expect(new Set(all).size).toBe(8);
  expect(pool).toMatchObject({ size: 8, borrowed: 8, available: 0, pending: 0 });
  await Promise.all(all.map((connection) => pool.release(connection)));
  await pool.close();
  expect(pool).toMatchObject({ size: 0, borrowed: 0, available: 0, pending: 0 });
  await expect.poll(() => alive.size).toBe(0);
  expect(wrong).toEqual([]);
});
