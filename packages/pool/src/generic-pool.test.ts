import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import genericPool from 'generic-pool';
import { afterEach, describe, expect, test } from 'vitest';
import type { Factory } from './factory.js';
import type { PoolOptions } from './options.js';
import { createPool, type Pool } from './pool.js';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const sleep = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The face that both pools have. */
type Face<T> = genericPool.Pool<T> | Pool<T>;
type Make = <T>(factory: Factory<T>, options: PoolOptions) => Face<T>;

const stock: Make = <T>(factory: Factory<T>, options: PoolOptions) =>
  genericPool.createPool(factory as genericPool.Factory<T>, options as genericPool.Options);

const ours: Make = <T>(factory: Factory<T>, options: PoolOptions) => {
  const pool = createPool(factory, { logger: silent, ...options });
  cleanups.push(() => pool.close({ timeoutMillis: 1 }));
  return pool;
};

/** A factory of numbers with something wrong in it, until it is mended. */
function breakable(broken: Partial<Factory<number>>) {
  let made = 0;
  let mended = false;
  const destroyed: number[] = [];
  const working = {
    create: async () => ++made,
    destroy: async (each: number) => void destroyed.push(each),
    validate: async () => true,
  };
  const now = () => (mended ? working : { ...working, ...broken });
  const factory: Factory<number> = {
    create: () => now().create(),
    destroy: (each) => now().destroy(each),
    validate: (each) => now().validate(each),
  };
  const mend = () => {
    mended = true;
  };
  return { factory, destroyed, mend };
}

const refused = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** What `attempt` rejects with. */
const errorOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The rejections that nobody handles while `run` runs. */
async function unhandledIn(run: () => Promise<void>): Promise<unknown[]> {
  const others = process.listeners('unhandledRejection');
  const unhandled: unknown[] = [];
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', (error) => unhandled.push(error));
  try {
    await run();
    await new Promise(setImmediate);
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
  }
  return unhandled;
}

/** Each scenario is run with both pools: the first test shows that the fault is real, the second that it is gone. */
describe('faults of generic-pool 3.9', () => {
  /** One caller with 40 ms of patience; the factory fails at once for 150 ms. */
  async function failAtOnce(make: Make) {
    let calls = 0;
    const until = performance.now() + 150;
    const create = () => {
      calls += 1;
      return performance.now() < until ? Promise.reject(refused()) : Promise.resolve(calls);
    };
    const startedAt = performance.now();
    const pool = make({ create, destroy: async () => {} }, { max: 1, acquireTimeoutMillis: 40 });
    const error = await errorOf(pool.acquire());
    return { error, calls, millis: performance.now() - startedAt };
  }

  test('generic-pool: a create that rejects at once is called thousands of times, and no timer fires', async () => {
    const { error, calls, millis } = await failAtOnce(stock);
    expect(error).toBeUndefined();
    expect(calls).toBeGreaterThan(1000);
    expect(millis).toBeGreaterThanOrEqual(150);
  });

  test('a create that rejects at once is tried again after a pause, and the timeout is on time', async () => {
    const { error, calls } = await failAtOnce(ours);
    expect(error).toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
    expect(calls).toBeLessThanOrEqual(2);
  });

  /** Ten callers wait 300 ms for a port where nobody listens. */
  async function refusedPort(make: Make) {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    let connects = 0;
    let over = false;
    const create = async () => {
      if (over) return new net.Socket();
      connects += 1;
      const socket = net.connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    };
    const pool = make({ create, destroy: async () => {} }, { max: 10, acquireTimeoutMillis: 300 });
    const errors = await Promise.all(Array.from({ length: 10 }, () => errorOf(pool.acquire())));
    over = true;
    return { connects, errors };
  }

  test('generic-pool: a refused port is hammered, and nobody is told why there is no connection', async () => {
    const { connects, errors } = await refusedPort(stock);
    expect(connects).toBeGreaterThan(100);
    expect(errors).toHaveLength(10);
    for (const error of errors) {
      expect(String(error)).toMatch(/ResourceRequest timed out/);
      expect(error).not.toHaveProperty('cause');
    }
  });

  test('a refused port is tried now and then, and each caller is told why there is no connection', async () => {
    const { connects, errors } = await refusedPort(ours);
    expect(connects).toBeLessThanOrEqual(6);
    expect(errors).toHaveLength(10);
    for (const error of errors) {
      expect(String(error)).toMatch(/ResourceRequest timed out/);
      expect(error).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    }
  });

  /** A caller waits without end for a server that refuses, when the pool is drained. */
  async function drainWhileFailing(make: Make) {
    let calls = 0;
    const { factory, mend } = breakable({
      create: async () => {
        calls += 1;
        await new Promise(setImmediate);
        throw refused();
      },
    });
    const pool = make(factory, { max: 1, acquireTimeoutMillis: 0 });
    const acquired = pool.acquire();
    void pool.drain();
    await sleep(250);
    return { pool, acquired, mend, calls: () => calls };
  }

  test('generic-pool: a failing create is called on and on after drain', async () => {
    const { pool, acquired, mend, calls } = await drainWhileFailing(stock);
    expect(calls()).toBeGreaterThan(100);
    mend();
    await pool.release(await acquired);
  });

  test('a failing create keeps its pauses after drain, and after close is called no more', async () => {
    const { pool, acquired, calls } = await drainWhileFailing(ours);
    expect(calls()).toBeLessThanOrEqual(3);
    const refusal = errorOf(acquired);
    await (pool as Pool<number>).close();
    await expect(refusal).resolves.toMatchObject({ code: 'ERR_POOL_CLOSED' });
    const before = calls();
    await sleep(600);
    expect(calls()).toBe(before);
  });

  /** A `validate` that rejects, once for a connection; then all is well again. */
  async function rejectingValidate(make: Make) {
    const { factory, mend } = breakable({ validate: () => Promise.reject(new Error('no answer')) });
    const pool = make(factory, { max: 1, testOnBorrow: true, acquireTimeoutMillis: 250 });
    let error: unknown;
    const unhandled = await unhandledIn(async () => {
      const first = errorOf(pool.use(async () => {}));
      await new Promise(setImmediate);
      mend();
      await first;
      error = await errorOf(pool.acquire());
    });
    return { unhandled, error };
  }

  test('generic-pool: a validate that rejects is unhandled, and the slot is lost', async () => {
    const { unhandled, error } = await rejectingValidate(stock);
    expect(unhandled).toEqual([new Error('no answer')]);
    expect(String(error)).toMatch(/timed out/);
  });

  test('a validate that rejects evicts its connection, and another takes the place', async () => {
    const { unhandled, error } = await rejectingValidate(ours);
    expect(unhandled).toEqual([]);
    expect(error).toBeUndefined();
  });

  /** The first `create` never answers; the next would. */
  async function hangingCreate(make: Make) {
    const { factory, mend } = breakable({ create: () => new Promise(() => {}) });
    const pool = make(factory, { max: 1, acquireTimeoutMillis: 250, connectTimeoutMillis: 20 });
    const first = errorOf(pool.use(async () => {}));
    mend();
    await first;
    return errorOf(pool.acquire());
  }

  test('generic-pool: a create that hangs holds its slot for ever', async () => {
    expect(String(await hangingCreate(stock))).toMatch(/timed out/);
  });

  test('a create that hangs gives its slot back after connectTimeoutMillis', async () => {
    await expect(hangingCreate(ours)).resolves.toBeUndefined();
  });

  /** A `create` that throws instead of rejecting, and is mended after that. */
  function throwingCreate(make: Make) {
    const { factory, mend } = breakable({
      create: () => {
        throw refused();
      },
    });
    const pool = make(factory, { max: 1, acquireTimeoutMillis: 1000 });
    let acquired: Promise<number> | undefined;
    let thrown: unknown;
    try {
      acquired = pool.acquire();
    } catch (error) {
      thrown = error;
    }
    mend();
    return { pool, acquired, thrown };
  }

  test('generic-pool: a create that throws escapes acquire, and a caller who is gone stays in the queue', async () => {
    const { pool, acquired, thrown } = throwingCreate(stock);
    expect(thrown).toMatchObject({ code: 'ECONNREFUSED' });
    expect(acquired).toBeUndefined();
    expect(pool.pending).toBe(1);
    await pool.clear();
  });

  test('a create that throws is a failed connect like any other', async () => {
    const { pool, acquired, thrown } = throwingCreate(ours);
    expect(thrown).toBeUndefined();
    await expect(acquired).resolves.toBe(1);
    expect(pool.pending).toBe(0);
  });

  /** A connection that came back broken: what does the next borrower get? */
  async function brokenOnReturn(make: Make) {
    const { factory } = breakable({ validate: async (each) => each !== 1 });
    const pool = make(factory, { max: 1, testOnReturn: true });
    await pool.release(await pool.acquire());
    return pool.acquire();
  }

  test('generic-pool: testOnReturn tests nothing', async () => {
    await expect(brokenOnReturn(stock)).resolves.toBe(1);
  });

  test('testOnReturn keeps what validate refuses from being lent again', async () => {
    await expect(brokenOnReturn(ours)).resolves.toBe(2);
  });

  /** What is left 100 ms after a connection came back that may be idle for 20. */
  async function idleFor100(make: Make) {
    const pool = make(breakable({}).factory, { idleTimeoutMillis: 20 });
    await pool.release(await pool.acquire());
    await sleep(100);
    return pool.size;
  }

  test('generic-pool: idleTimeoutMillis alone closes nothing', async () => {
    await expect(idleFor100(stock)).resolves.toBe(1);
  });

  test('idleTimeoutMillis closes what is idle for so long', async () => {
    await expect(idleFor100(ours)).resolves.toBe(0);
  });

  /** The peer ends a connection that is idle; the next borrower looks at what it gets. */
  async function diesWhileIdle(make: Make) {
    const peers: Socket[] = [];
    const server = net.createServer((socket) => void peers.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const create = async () => {
      const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
      await once(socket, 'connect');
      cleanups.push(() => socket.destroy());
      return socket;
    };
    const pool = make({ create, destroy: async (socket: Socket) => void socket.destroy() }, { max: 1 });
    const first = await pool.acquire();
    await pool.release(first);
    for (const peer of peers) peer.end();
    await once(first, 'close');
    return (await pool.acquire()).destroyed;
  }

  test('generic-pool: a connection that died idle is lent', async () => {
    await expect(diesWhileIdle(stock)).resolves.toBe(true);
  });

  test('a connection that died idle has left the pool', async () => {
    await expect(diesWhileIdle(ours)).resolves.toBe(false);
  });

  /** Its owner knows that an idle connection is of no use any more. */
  async function destroyIdle(make: Make) {
    const { factory, destroyed } = breakable({});
    const pool = make(factory, { max: 1 });
    const connection = await pool.acquire();
    await pool.release(connection);
    const error = await errorOf(pool.destroy(connection));
    return { error, size: pool.size, destroyed };
  }

  test('generic-pool: destroy refuses an idle connection', async () => {
    const { error, size } = await destroyIdle(stock);
    expect(String(error)).toMatch(/not currently part of this pool/);
    expect(size).toBe(1);
  });

  test('destroy takes an idle connection too', async () => {
    const { error, size, destroyed } = await destroyIdle(ours);
    expect({ error, size, destroyed }).toEqual({ error: undefined, size: 0, destroyed: [1] });
  });
});

describe.each([
  ['generic-pool', stock],
  ['this pool', ours],
] as const)('what generic-pool documents, with %s', (_, make) => {
  test('use destroys the connection when its function fails, even with an error without a value', async () => {
    const { factory, destroyed } = breakable({});
    const pool = make(factory, { max: 1 });
    await expect(pool.use(() => Promise.reject(undefined))).rejects.toBeUndefined();
    await pool.use(async () => {});
    expect(destroyed).toEqual([1]);
  });

  test('while nobody can be connected, maxWaitingClients may wait beyond those for whom there is room', async () => {
    const { factory, mend } = breakable({ create: () => new Promise(() => {}) });
    const options = { max: 3, maxWaitingClients: 4, acquireTimeoutMillis: 30 };
    const pool = make(factory, options);
    const errors = await Promise.all(Array.from({ length: 9 }, () => errorOf(pool.acquire())));
    mend();
    expect(errors.filter((error) => String(error).includes('max waitingClients count exceeded'))).toHaveLength(5);
  });

  test('with room for more than maxWaitingClients, those are let in for whom there is room', async () => {
    const { factory, mend } = breakable({ create: () => new Promise(() => {}) });
    const pool = make(factory, { max: 5, maxWaitingClients: 1, acquireTimeoutMillis: 30 });
    const errors = await Promise.all(Array.from({ length: 9 }, () => errorOf(pool.acquire())));
    mend();
    expect(errors.filter((error) => String(error).includes('max waitingClients count exceeded'))).toHaveLength(4);
  });

  test('whoever can have an idle connection is let in, though it has to be tested first', async () => {
    const pool = make(breakable({}).factory, { max: 1, maxWaitingClients: 0, testOnBorrow: true });
    await pool.release(await pool.acquire());
    await expect(pool.acquire()).resolves.toBe(1);
  });

  test('a priority out of range is served last', async () => {
    const pool = make(breakable({}).factory, { max: 1, priorityRange: 3 });
    const only = await pool.acquire();
    const served: number[] = [];
    const waits = [99, -1, 1, 0].map(async (priority) => {
      const connection = await pool.acquire(priority);
      served.push(priority);
      await pool.release(connection);
    });
    await pool.release(only);
    await Promise.all(waits);
    expect(served).toEqual([0, 1, 99, -1]);
  });

  test('without autostart nothing is opened before start', async () => {
    const pool = make(breakable({}).factory, { min: 2, max: 4, autostart: false });
    await new Promise(setImmediate);
    expect(pool.size).toBe(0);
    pool.start();
    await pool.ready();
    expect(pool).toMatchObject({ size: 2, available: 2, spareResourceCapacity: 2 });
  });

  test('without autostart the first acquire opens min connections too', async () => {
    const pool = make(breakable({}).factory, { min: 3, max: 4, autostart: false });
    const first = await pool.acquire();
    await pool.release(first);
    await pool.ready();
    expect(pool.available).toBe(3);
  });

  test('softIdleTimeoutMillis closes what is idle for so long, and leaves min of them idle', async () => {
    const { factory } = breakable({});
    const pool = make(factory, { min: 1, max: 4, softIdleTimeoutMillis: 20, evictionRunIntervalMillis: 10 });
    const all = await Promise.all([1, 2, 3, 4].map(() => pool.acquire()));
    for (const each of all.slice(1)) await pool.release(each);
    await sleep(100);
    // The lent one does not count: with the idle timeout it would, and none would be left idle.
    expect(pool).toMatchObject({ available: 1, borrowed: 1, size: 2 });
    for (const each of all.slice(0, 1)) await pool.release(each);
    await pool.drain();
  });

  test('one eviction run closes at most numTestsPerEvictionRun, the next goes on', async () => {
    const closedAt: number[] = [];
    let told = () => {};
    const all = new Promise<void>((resolve) => {
      told = resolve;
    });
    const destroy = async () => {
      if (closedAt.push(performance.now()) === 5) told();
    };
    const options = { max: 5, idleTimeoutMillis: 10, evictionRunIntervalMillis: 400, numTestsPerEvictionRun: 2 };
    const pool = make({ create: async () => ({}), destroy }, options);
    const lent = await Promise.all([1, 2, 3, 4, 5].map(() => pool.acquire()));
    for (const each of lent) await pool.release(each);
    await all;
    const pauses = closedAt.slice(1).map((at, index) => at - (closedAt[index] ?? 0) > 100);
    expect(pauses).toEqual([false, true, false, true]);
    await pool.drain();
  });

  test('the Promise option says what the methods return', async () => {
    class Special<T> extends Promise<T> {}
    const pool = make(breakable({}).factory, { Promise: Special, max: 1 });
    const acquired = pool.acquire();
    expect(acquired).toBeInstanceOf(Special);
    expect(pool.release(await acquired)).toBeInstanceOf(Special);
    await expect(pool.use(async (each) => each)).resolves.toBe(1);
    expect(pool.ready()).toBeInstanceOf(Special);
    const strangers = pool.destroy(99);
    expect(strangers).toBeInstanceOf(Special);
    await expect(strangers).rejects.toThrow(/not currently part of this pool/);
  });
});

describe('beyond generic-pool', () => {
  test('connections that came back at different times are closed each at its own', async () => {
    const pool = ours(breakable({}).factory, { idleTimeoutMillis: 30 }) as Pool<number>;
    const [first, second] = [await pool.acquire(), await pool.acquire()];
    const evicted: unknown[] = [];
    const both = new Promise<void>((resolve) => {
      pool.on('evict', (connection, reason) => evicted.push([connection, reason]) === 2 && resolve());
    });
    await pool.release(first);
    await sleep(15);
    await pool.release(second);
    await both;
    expect(evicted).toEqual([
      [first, 'idle'],
      [second, 'idle'],
    ]);
  });

  test('use reports what its function answers, though that has given the connection back itself', async () => {
    const pool = ours(breakable({}).factory, { max: 1 });
    const answer = pool.use(async (connection) => {
      await pool.destroy(connection);
      return 'answer';
    });
    await expect(answer).resolves.toBe('answer');
  });

  test('ready rejects when the pool is closed first', async () => {
    const pool = ours(breakable({ create: () => new Promise(() => {}) }).factory, { min: 1 });
    const ready = errorOf(pool.ready());
    await pool.drain();
    await expect(ready).resolves.toMatchObject({ code: 'ERR_POOL_CLOSED' });
  });

  test('a test that is asked for and that the factory has not got is told of in the log', () => {
    const warnings: string[] = [];
    const logger = { ...silent, warn: (_: object, message: string) => void warnings.push(message) };
    ours({ create: () => 1, destroy: () => {} }, { testOnBorrow: true, logger });
    expect(warnings).toEqual([expect.stringMatching(/no validate/)]);
  });
});
