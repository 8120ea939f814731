/**
 * HikariCP's "welcome to the jungle": 50 requests come at once to a pool with 5 idle connections; a connect takes
 * 150 ms, a query 2 ms. The five are through with all of them long before a connect is, so whoever opens one for each
 * request burdens the server with connections for which nobody waits any more.
 */
import genericPool from 'generic-pool';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLogger as logger } from './logger.fixture.js';
import { createPool } from './pool.js';

const REQUESTS = 50;
const IDLE = 5;
const CONNECT_MILLIS = 150;
const QUERY_MILLIS = 2;

// Time is made up, so that a busy machine does not make requests wait for longer than they would.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

/** Waits for it while time passes: more than enough for all that has been begun. */
async function whileTimePasses<R>(promise: PromiseLike<R>): Promise<R> {
  await vi.advanceTimersByTimeAsync(10 * CONNECT_MILLIS);
  return promise;
}

/** What both kinds of pool can do. */
interface Lender {
  acquire(): PromiseLike<object>;
  release(connection: object): PromiseLike<void>;
}

/** A server, as far as it can be told by a client: connects are slow, but those of the start. */
function slowServer() {
  let connects = 0;
  let open = 0;
  const factory = {
    create: async () => {
      connects += 1;
      if (connects > IDLE) await sleep(CONNECT_MILLIS);
      open += 1;
      return {};
    },
    destroy: async () => {
      open -= 1;
    },
  };
  return { factory, open: () => open };
}

async function query(pool: Lender): Promise<void> {
  const connection = await pool.acquire();
  await sleep(QUERY_MILLIS);
  await pool.release(connection);
}

/** @returns how many connections there are in the end, and how long the requests took */
async function enterTheJungle(pool: Lender, server: ReturnType<typeof slowServer>) {
  const startedAt = performance.now();
  const served = Promise.all(Array.from({ length: REQUESTS }, () => query(pool)));
  const millis = await whileTimePasses(served.then(() => performance.now() - startedAt));
  return { connections: server.open(), millis };
}

test('50 requests at once, which 5 connections can serve, open at most one more', async () => {
  const ours = slowServer();
  const pool = createPool(ours.factory, { min: IDLE, max: REQUESTS, logger });
  await whileTimePasses(pool.ready());
  const lifeguard = await enterTheJungle(pool, ours);
  await pool.close();

  const theirs = slowServer();
  const generic = genericPool.createPool(theirs.factory, { min: IDLE, max: REQUESTS });
  await whileTimePasses(generic.ready());
  const stock = await enterTheJungle(generic, theirs);
  await whileTimePasses(generic.drain());
  await generic.clear();

  for (const [name, { connections, millis }] of Object.entries({ Lifeguard: lifeguard, 'generic-pool': stock })) {
    console.log(`${name}: ${REQUESTS} requests in ${millis} ms, ${connections} connections`);
  }
  expect(lifeguard.connections).toBeLessThanOrEqual(IDLE + 1);
});
