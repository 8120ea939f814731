import { expect, test } from 'vitest';
import type { Factory } from './factory.js';
import { createPool, type Pool } from './pool.js';

/**
 * Crosses every step of a connection's life with every way it can go, and every way its borrower can wait. Whatever
 * happens: the sizes add up, no place in the pool is lost, nothing is created and not destroyed, nothing is unhandled
 * (vitest fails on that by itself).
 */
const STEPS = ['create', 'validate', 'reset', 'destroy'] as const;
const WAYS = ['answers', 'rejects', 'throws', 'is slow', 'never answers', 'answers late'] as const;
const BORROWERS = ['is patient', 'times out', 'aborts', 'meets a closed pool'] as const;

type Step = (typeof STEPS)[number];
type Way = (typeof WAYS)[number];
type Borrower = (typeof BORROWERS)[number];

const SLOW_MILLIS = 8;
const LIMIT_MILLIS = 15;
const LATE_MILLIS = 30;

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

function goes<R>(way: Way, value: R): R | Promise<R> {
  switch (way) {
    case 'answers':
      return value;
    case 'rejects':
      return Promise.reject(new Error('rejects'));
    case 'throws':
      throw new Error('throws');
    case 'is slow':
      return sleep(SLOW_MILLIS).then(() => value);
    case 'never answers':
      return new Promise(() => {});
    case 'answers late':
      return sleep(LATE_MILLIS).then(() => value);
  }
}

/** A factory whose one step goes the given way, until it is mended. */
function trouble(step: Step, way: Way) {
  const created = new Set<object>();
  const destroyed = new Set<object>();
  let mended = false;
  const at = <R>(here: Step, value: R) => goes(here === step && !mended ? way : 'answers', value);
  const factory: Factory<object> = {
    create: async () => {
      const connection = await at('create', {});
      created.add(connection);
      return connection;
    },
    validate: async () => at('validate', true),
    reset: () => at('reset', undefined),
    destroy: (connection) => {
      destroyed.add(connection);
      return at('destroy', undefined);
    },
  };
  const mend = () => {
    mended = true;
  };
  return { factory, created, destroyed, mend };
}

async function borrowOnce(pool: Pool<object>, borrower: Borrower): Promise<void> {
  const controller = new AbortController();
  const timeoutMillis = borrower === 'times out' ? 4 : 150;
  if (borrower === 'aborts') setTimeout(() => controller.abort(), 4);
  const acquired = pool.acquire({ timeoutMillis, signal: controller.signal });
  const closed = borrower === 'meets a closed pool' ? pool.close({ timeoutMillis: 5 }) : undefined;
  await acquired.then(
    (connection) => pool.release(connection),
    () => {},
  );
  await closed;
}

const cases = STEPS.flatMap((step) =>
  WAYS.flatMap((way) => BORROWERS.map((borrower) => [step, way, borrower] as const)),
);

test.concurrent.each(cases)('%s %s, the borrower %s', async (step, way, borrower) => {
  const { factory, created, destroyed, mend } = trouble(step, way);
  const pool = createPool(factory, {
    max: 2,
    testOnBorrow: true,
    testOnReturn: true,
    connectTimeoutMillis: LIMIT_MILLIS,
    validateTimeoutMillis: LIMIT_MILLIS,
    destroyTimeoutMillis: LIMIT_MILLIS,
    logger: silent,
  });
  await Promise.all([borrowOnce(pool, borrower), borrowOnce(pool, borrower), borrowOnce(pool, borrower)]);
  mend();

  if (borrower !== 'meets a closed pool') {
    // No place has been lost: both can be lent, at the same time, to callers who wait long enough.
    const both = await Promise.all([pool.acquire(), pool.acquire()]);
    expect(new Set(both).size).toBe(2);
    expect(pool.borrowed).toBe(2);
    await Promise.all(both.map((connection) => pool.release(connection)));
  }
  await pool.close();
  await sleep(LATE_MILLIS + 5);

  expect(pool).toMatchObject({ size: 0, available: 0, borrowed: 0, pending: 0 });
  expect([...created].filter((connection) => !destroyed.has(connection))).toEqual([]);
  expect(pool.stats().destroyed).toBe(created.size);
});
