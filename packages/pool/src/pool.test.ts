import { EventEmitter, once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Factory } from './factory.js';
import type { Logger } from './log.js';
import type { PoolOptions } from './options.js';
import { createPool, type Pool } from './pool.js';
import { nextUncaught } from './uncaught.fixture.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Takes log lines, so that they can be looked at and don't clutter the output. */
function notebook() {
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, fields: { ...fields } });
  const logger: Logger = {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  return { lines, logger };
}

function makePool<T>(factory: Factory<T>, options: PoolOptions = {}): Pool<T> {
  const pool = createPool(factory, { logger: notebook().logger, ...options });
  cleanups.push(() => pool.close({ timeoutMillis: 1 }));
  return pool;
}

/** Connections without sockets, numbered. */
function numbered() {
  let made = 0;
  const destroyed: number[] = [];
  const factory = {
    create: async () => ++made,
    destroy: async (each: number) => void destroyed.push(each),
  } satisfies Factory<number>;
  return { factory, destroyed, made: () => made };
}

async function listen(onConnection: (socket: Socket) => void = (socket) => socket.resume(), port = 0): Promise<Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    sockets.add(socket);
    onConnection(socket);
  });
  const sockets = new Set<Socket>();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Plain sockets; how a small driver would open and close them. */
function socketFactory(port: number): Factory<Socket> {
  return {
    create: async () => {
      const socket = net.connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    destroy: (socket) => socket.destroy(),
  };
}

/** A port that refuses. */
async function refusedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('lending', () => {
  test('a connection that came back is lent again, and none is opened for it', async () => {
    const { factory, made } = numbered();
    const pool = makePool(factory);
    const first = await pool.acquire();
    await pool.release(first);
    await expect(pool.acquire()).resolves.toBe(first);
    expect(made()).toBe(1);
  });

  test('never more than max connections are opened, and who waits is served in order', async () => {
    const { factory, made } = numbered();
    const pool = makePool(factory, { max: 2 });
    const served: number[] = [];
    const borrow = async (index: number) => {
      const connection = await pool.acquire();
      served.push(index);
      await new Promise(setImmediate);
      await pool.release(connection);
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(borrow));
    expect(served).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(made()).toBe(2);
  });

  test('a lower priority number is served first', async () => {
    const { factory } = numbered();
    const pool = makePool(factory, { max: 1, priorityRange: 2 });
    const only = await pool.acquire();
    const served: string[] = [];
    const waits = [pool.use(() => served.push('later'), 1), pool.use(() => served.push('first'), { priority: 0 })];
    await pool.release(only);
    await Promise.all(waits);
    expect(served).toEqual(['first', 'later']);
  });

  test('fifo lends the one idle longest, without it the one last returned', async () => {
    for (const [fifo, expected] of [
      [true, 1],
      [false, 2],
    ] as const) {
      const pool = makePool(numbered().factory, { fifo });
      const both = [await pool.acquire(), await pool.acquire()];
      for (const each of both) await pool.release(each);
      await expect(pool.acquire()).resolves.toBe(expected);
    }
  });

  test('one more than maxWaitingClients is refused at once', async () => {
    const pool = makePool(numbered().factory, { max: 1, maxWaitingClients: 1 });
    const only = await pool.acquire();
    const waiting = pool.acquire();
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_QUEUE_FULL' });
    await pool.release(only);
    await expect(waiting).resolves.toBe(only);
  });

  test('an abort takes the caller out of the queue, and the connection goes to the next', async () => {
    const pool = makePool(numbered().factory, { max: 1 });
    const only = await pool.acquire();
    const controller = new AbortController();
    const aborted = pool.acquire({ signal: controller.signal });
    const next = pool.acquire();
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(pool.acquire({ signal: controller.signal })).rejects.toBe(reason);
    expect(pool.pending).toBe(1);
    await pool.release(only);
    await expect(next).resolves.toBe(only);
  });

  test('the connect that a caller gave up on goes to the pool, for the next', async () => {
    let finish = (_: string) => {};
    const pool = makePool({ create: () => new Promise<string>((resolve) => (finish = resolve)), destroy: () => {} });
    await expect(pool.acquire({ timeoutMillis: 5 })).rejects.toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
    finish('late');
    await once(pool, 'connect');
    await expect(pool.acquire()).resolves.toBe('late');
  });

  test('a reset that has nothing to do delays nobody: the connection is idle as soon as release has returned', async () => {
    const { factory } = numbered();
    const resets: number[] = [];
    const pool = makePool({ ...factory, reset: (each: number) => void resets.push(each) });
    const connection = await pool.acquire();
    void pool.release(connection);
    expect([pool.available, resets]).toEqual([1, [connection]]);
  });

  test('a connection that is known to have failed is not reset, and goes by the reason of its failure', async () => {
    const server = await listen();
    const accepted = once(server, 'connection');
    const reset = () => Promise.reject(new Error('can’t be reset'));
    const pool = makePool({ ...socketFactory(portOf(server)), reset });
    const socket = await pool.acquire();
    ((await accepted) as [Socket])[0].resetAndDestroy();
    await new Promise((resolve) => socket.once('close', resolve));
    await pool.release(socket);
    expect(pool.stats().evicted).toEqual({ reset: 1 });
  });

  test('a second release, and the release of a stranger, are told apart', async () => {
    const pool = makePool(numbered().factory);
    const mine = await pool.acquire();
    await pool.release(mine);
    await expect(pool.release(mine)).rejects.toThrow(/released before/);
    await expect(pool.destroy(99)).rejects.toThrow(/never was, or has been destroyed/);
  });

  test('use gives the connection back, and with an error it is closed', async () => {
    const { factory, destroyed } = numbered();
    const pool = makePool(factory);
    await expect(pool.use((connection) => connection + 1)).resolves.toBe(2);
    const error = new Error('mine');
    await expect(pool.use(() => Promise.reject(error))).rejects.toBe(error);
    expect(destroyed).toEqual([1]);
    expect(pool.borrowed).toBe(0);
  });

  test('testOnBorrow lends only what passes', async () => {
    const { factory, destroyed } = numbered();
    const pool = makePool({ ...factory, validate: async (each) => each > 2 }, { testOnBorrow: true });
    await expect(pool.acquire()).resolves.toBe(3);
    expect(destroyed).toEqual([1, 2]);
    expect(pool.stats().evicted).toEqual({ invalid: 2 });
  });

  test('a listener that throws costs nobody a connection', async () => {
    const pool = makePool(numbered().factory);
    pool.on('acquire', () => {
      throw new Error('listener');
    });
    const uncaught = nextUncaught();
    await expect(pool.acquire()).resolves.toBe(1);
    await expect(uncaught).resolves.toMatchObject({ message: 'listener' });
  });
});

describe('keeping', () => {
  test('min connections are opened at once, and again when one is lost', async () => {
    const { factory, made } = numbered();
    const pool = makePool(factory, { min: 2 });
    await pool.ready();
    expect(pool.available).toBe(2);
    await pool.destroy(await pool.acquire());
    await pool.ready();
    expect(made()).toBe(3);
  });

  test('an idle connection is closed after its time, down to min', async () => {
    const { factory, destroyed } = numbered();
    const pool = makePool(factory, { min: 1, max: 3, idleTimeoutMillis: 20 });
    const all = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    const evicted = [once(pool, 'evict'), once(pool, 'evict')];
    for (const each of all) await pool.release(each);
    await Promise.all(evicted);
    expect(pool.size).toBe(1);
    expect(destroyed).toHaveLength(2);
    expect(pool.stats().evicted).toEqual({ idle: 2 });
  });

  test('a connection past its lifetime goes when idle, and on its return when lent', async () => {
    const { factory } = numbered();
    const pool = makePool(factory, { maxLifetimeMillis: 200 });
    const [lent, idle] = await Promise.all([pool.acquire(), pool.acquire()]);
    const evicted = once(pool, 'evict');
    await pool.release(idle);
    await evicted;
    expect(pool.isBorrowedResource(lent)).toBe(true);
    // A little later, for the pool hears of it from a timer.
    await expect.poll(() => pool.connections()[0]?.expiresInMillis).toBeLessThan(-100);
    await pool.release(lent);
    expect(pool.size).toBe(0);
    expect(pool.stats().evicted).toEqual({ 'max-lifetime': 2 });
  });

  test('a connection that is kept beyond its idle time still goes at the end of its lifetime', async () => {
    const { factory } = numbered();
    const pool = makePool(factory, { keepIdle: 1, idleTimeoutMillis: 5, maxLifetimeMillis: 60 });
    await pool.release(await pool.acquire());
    await once(pool, 'evict');
    expect(pool.stats().evicted).toEqual({ 'max-lifetime': 1 });
  });

  test('a connection is replaced after maxUses loans', async () => {
    const { factory, made } = numbered();
    const pool = makePool(factory, { maxUses: 2 });
    for (const expected of [1, 1, 2]) {
      const connection = await pool.acquire();
      expect(connection).toBe(expected);
      await pool.release(connection);
    }
    expect(made()).toBe(2);
  });

  test('clear closes what is idle now, and what is lent on its return', async () => {
    const { factory, destroyed } = numbered();
    const pool = makePool(factory);
    const [lent, idle] = [await pool.acquire(), await pool.acquire()];
    await pool.release(idle);
    await pool.clear();
    expect(destroyed).toEqual([idle]);
    await pool.release(lent);
    expect(destroyed).toEqual([idle, lent]);
    await expect(pool.acquire()).resolves.toBe(3);
  });

  test('a connection that arrives after clear was called, and was begun before, is replaced and leaves no hole', async () => {
    const { factory, destroyed } = numbered();
    const pool = makePool(factory, { max: 1 });
    const acquired = pool.acquire();
    void pool.clear();
    await expect(acquired).resolves.toBe(2);
    expect(destroyed).toEqual([1]);
    expect(pool.size).toBe(1);
  });

  test('a connection lent for long is told of with the stack of its acquire', async () => {
    const { lines, logger } = notebook();
    const pool = makePool(numbered().factory, { leakWarningMillis: 5, logger });
    const stacks = () =>
      lines.filter(({ message }) => message.includes('suspiciously')).map(({ fields }) => fields['stack']);
    // It has to wait, for nothing is open yet. The next is served at once.
    await (async function theForgetfulCaller() {
      await pool.release(await pool.acquire());
      await pool.destroy(await pool.acquire());
      await pool.acquire();
    })();
    await expect.poll(stacks).toEqual([expect.stringContaining('theForgetfulCaller')]);
  });
});

describe('a failing socket', () => {
  test('an idle connection has left the pool before its driver hears of the failure', async () => {
    const server = await listen();
    const accepted = once(server, 'connection');
    const pool = makePool(socketFactory(portOf(server)));
    const socket = await pool.acquire();
    await pool.release(socket);
    const [peer] = (await accepted) as [Socket];
    const seen = new Promise((resolve) => socket.prependListener('error', () => resolve(pool.available)));
    const seenByDriver = new Promise((resolve) => socket.on('error', () => resolve(pool.available)));
    peer.resetAndDestroy();
    await expect(seen).resolves.toBe(1);
    await expect(seenByDriver).resolves.toBe(0);
    expect(pool.stats().evicted).toEqual({ reset: 1 });
  });

  test('an idle connection whose peer ends it is evicted, and the next borrower gets another', async () => {
    const server = await listen();
    const accepted = once(server, 'connection');
    const pool = makePool(socketFactory(portOf(server)));
    const socket = await pool.acquire();
    await pool.release(socket);
    const evicted = once(pool, 'evict');
    const [peer] = (await accepted) as [Socket];
    peer.end();
    expect((await evicted)[1]).toBe('peer-closed');
    expect(await pool.acquire()).not.toBe(socket);
  });

  test('a peer’s end that the event loop has not read yet is known to the kernel: the next connection is lent', async () => {
    const peers: Socket[] = [];
    const server = await listen((socket) => peers.push(socket.resume()));
    const pool = makePool(socketFactory(portOf(server)), { fifo: false, aliveBypassMillis: 0 });
    const [first, last] = await Promise.all([pool.acquire(), pool.acquire()]);
    await pool.release(first);
    await pool.release(last);
    await expect.poll(() => peers.length).toBe(2);
    peers.find(({ remotePort }) => remotePort === last.localPort)?.destroy();
    await expect(pool.acquire()).resolves.toBe(first);
    expect(pool.stats().evicted).toEqual({ 'peer-closed': 1 });
  });

  test('a lent connection is destroyed on release, whatever its borrower says', async () => {
    const server = await listen();
    const accepted = once(server, 'connection');
    const pool = makePool(socketFactory(portOf(server)));
    const socket = await pool.acquire();
    const [peer] = (await accepted) as [Socket];
    peer.resetAndDestroy();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(pool.borrowed).toBe(1);
    await pool.release(socket);
    expect(pool.size).toBe(0);
    expect(pool.stats().evicted).toEqual({ reset: 1 });
  });

  test('a driver’s error evicts an idle connection; of a lent one the factory is asked', async () => {
    const isFatal = (error: unknown) => (error as Error).message === 'fatal';
    const pool = makePool({ create: async () => new EventEmitter(), destroy: () => {}, isFatal });
    const heard: unknown[] = [];
    pool.on('error', (error) => heard.push(error));
    const harmless = await pool.acquire();
    harmless.emit('error', new Error('harmless'));
    await pool.release(harmless);
    expect(pool.available).toBe(1);
    const error = new Error('idle');
    harmless.emit('error', error);
    expect(pool.available).toBe(0);
    expect(heard).toEqual([error]);
    const lent = await pool.acquire();
    lent.emit('error', new Error('fatal'));
    await pool.release(lent);
    expect(pool.size).toBe(0);
  });

  test('a log line of an eviction tells the reason, the peer and the age', async () => {
    const { lines, logger } = notebook();
    const server = await listen();
    const accepted = once(server, 'connection');
    const pool = makePool(socketFactory(portOf(server)), { name: 'orders', logger });
    await pool.release(await pool.acquire());
    const evicted = once(pool, 'evict');
    ((await accepted) as [Socket])[0].resetAndDestroy();
    await evicted;
    expect(lines.find(({ message }) => message === 'evicted (reset)')).toMatchObject({
      level: 'warn',
      fields: { pool: 'orders', peer: `127.0.0.1:${portOf(server)}`, reason: 'reset', ageMillis: expect.any(Number) },
    });
  });
});

describe('connecting', () => {
  test('ten waiters against a refused port for 2 s: few connects, timers on time, each told why', async () => {
    const port = await refusedPort();
    let connects = 0;
    const { create, destroy } = socketFactory(port);
    const counted = () => {
      connects += 1;
      return create();
    };
    const pool = makePool({ create: counted, destroy }, { acquireTimeoutMillis: 2000 });
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 50);
    const startedAt = performance.now();
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => pool.acquire()));
    clearInterval(ticking);
    for (const result of results) {
      expect(result).toMatchObject({
        reason: { code: 'ERR_POOL_ACQUIRE_TIMEOUT', cause: { code: 'ECONNREFUSED' } },
      });
    }
    expect(connects).toBeLessThanOrEqual(30);
    expect(connects).toBeGreaterThan(3);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1990);
    expect(ticks).toBeGreaterThan(20);
    expect(pool.size).toBe(0);
  });

  test('the message of a timeout tells the state of the pool', async () => {
    const pool = makePool({ create: () => new Promise<never>(() => {}), destroy: () => {} }, { max: 3 });
    await expect(pool.acquire({ timeoutMillis: 5 })).rejects.toThrow(
      'acquire timeout 5 ms): size 1, idle 0, lent 0, waiting 1, connecting 1',
    );
  });

  test('a server that comes back serves those who wait', async () => {
    const port = await refusedPort();
    const pool = makePool(socketFactory(port));
    const waiting = Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    await new Promise((resolve) => {
      let failures = 0;
      pool.on('factoryCreateError', () => ++failures === 3 && resolve(undefined));
    });
    await listen(undefined, port);
    await expect(waiting).resolves.toHaveLength(3);
  });

  test('no connect is begun for one who waits when a connection for him has just arrived', async () => {
    const arrivals: ((each: number) => void)[] = [];
    const create = () => new Promise<number>((resolve) => arrivals.push(resolve));
    const pool = makePool({ create, destroy: () => {} }, { max: 2, maxConnecting: 1 });
    const impatient = new AbortController();
    const gone = pool.acquire({ signal: impatient.signal }).catch(() => 'gone');
    const served = pool.acquire();
    arrivals[0]?.(1);
    impatient.abort();
    await expect(Promise.all([gone, served])).resolves.toEqual(['gone', 1]);
    await new Promise(setImmediate);
    expect(arrivals).toHaveLength(1);
  });

  test('a permanent error rejects all who wait, at once, with the driver’s own error', async () => {
    const error = new Error('wrong password');
    const pool = makePool({ create: () => Promise.reject(error), destroy: () => {}, isPermanent: (e) => e === error });
    const results = await Promise.allSettled([pool.acquire(), pool.acquire(), pool.acquire()]);
    expect(results.map((result) => result.status === 'rejected' && result.reason)).toEqual([error, error, error]);
  });

  test('an error of the caller’s own making goes to one caller, and the next connect is not delayed', async () => {
    let created = 0;
    const pool = makePool({
      create: async () => {
        created += 1;
        if (created < 4) throw new Error(`hook ${created}`);
        return created;
      },
      destroy: () => {},
      isCallersFault: () => true,
    });
    const results = await Promise.allSettled([pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()]);
    expect(results.map((result) => (result.status === 'rejected' ? result.reason.message : result.value))).toEqual([
      'hook 1',
      'hook 2',
      'hook 3',
      4,
    ]);
  });

  test('without a caller to tell, a hook that fails is no reason to open connections without pause', async () => {
    let calls = 0;
    const factory: Factory<number> = {
      create: async () => Promise.reject(new Error(`hook ${++calls}`)),
      destroy: () => {},
      isCallersFault: () => true,
    };
    const pool = makePool(factory, { min: 1 });
    await once(pool, 'error');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(calls).toBe(1);
  });

  test('a server whose connections are of no use is not hammered', async () => {
    const { factory, made } = numbered();
    const pool = makePool({ ...factory, validate: () => false }, { testOnBorrow: true, acquireTimeoutMillis: 300 });
    await expect(pool.acquire()).rejects.toMatchObject({ cause: { code: 'ERR_POOL_CONNECT' } });
    expect(made()).toBeGreaterThan(1);
    expect(made()).toBeLessThan(10);
  });

  test('a connect that hangs is given up in time and its socket closed', async () => {
    const closed: Promise<unknown>[] = [];
    const server = await listen((socket) => closed.push(once(socket.resume(), 'close')));
    const factory: Factory<Socket> = {
      create: () => new Promise<never>(() => net.connect(portOf(server), '127.0.0.1')),
      destroy: () => {},
    };
    const pool = makePool(factory, { connectTimeoutMillis: 50, acquireTimeoutMillis: 120 });
    await expect(pool.acquire()).rejects.toMatchObject({ cause: { code: 'ERR_POOL_CONNECT' } });
    await pool.close();
    await Promise.all(closed);
    expect(closed.length).toBeGreaterThan(0);
  });

  test('what a connect brings after it was given up is destroyed', async () => {
    const arrivals: ((value: string) => void)[] = [];
    const destroyed: string[] = [];
    const pool = makePool(
      {
        create: () => new Promise<string>((resolve) => arrivals.push(resolve)),
        destroy: (each) => destroyed.push(each),
      },
      { connectTimeoutMillis: 10, acquireTimeoutMillis: 50, maxConnecting: 1 },
    );
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
    arrivals[0]?.('late');
    await expect.poll(() => destroyed).toEqual(['late']);
    expect(pool.available).toBe(0);
  });
});

describe('ending', () => {
  test('drain lends to those who wait already, refuses others, and resolves when all is given back', async () => {
    const pool = makePool(numbered().factory, { max: 1 });
    const first = await pool.acquire();
    const waiting = pool.acquire();
    let drained = false;
    const draining = pool.drain().then(() => {
      drained = true;
    });
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_CLOSED' });
    await pool.release(first);
    const second = await waiting;
    expect(drained).toBe(false);
    await pool.release(second);
    await draining;
  });

  test('drain is bounded', async () => {
    const pool = makePool(numbered().factory);
    await pool.acquire();
    await expect(pool.drain({ timeoutMillis: 5 })).rejects.toMatchObject({ code: 'ERR_POOL_DRAIN_TIMEOUT' });
  });

  test('close refuses who waits, waits for borrowers, then closes all; a late return is no error', async () => {
    const { factory, destroyed } = numbered();
    const pool = makePool(factory, { max: 1 });
    const lent = await pool.acquire();
    const waiting = pool.acquire();
    const closing = pool.close({ timeoutMillis: 20 });
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_POOL_CLOSED' });
    await closing;
    expect(destroyed).toEqual([lent]);
    await expect(pool.release(lent)).resolves.toBeUndefined();
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'ERR_POOL_CLOSED' });
  });

  test.each(['reset', 'validate'] as const)(
    'a %s that is still running when close has lost patience closes nothing twice',
    async (step) => {
      const { factory, destroyed } = numbered();
      let finish = (_: boolean) => {};
      const running = () => new Promise<boolean>((resolve) => (finish = resolve));
      const pool = makePool({ ...factory, [step]: running }, { testOnReturn: true });
      const evictions: unknown[] = [];
      pool.on('evict', (_, reason) => evictions.push(reason));
      await pool.release(await pool.acquire());
      await pool.close({ timeoutMillis: 5 });
      finish(true);
      await new Promise(setImmediate);
      expect(evictions).toEqual(['closed']);
      expect(destroyed).toEqual([1]);
      expect(pool).toMatchObject({ size: 0, borrowed: 0, available: 0 });
    },
  );

  test('close ends connects under way, and with min too nothing is opened again', async () => {
    const server = await listen();
    const pool = makePool(socketFactory(portOf(server)), { min: 3 });
    await pool.ready();
    await pool.close();
    await pool.close();
    await new Promise(setImmediate);
    expect(pool.size).toBe(0);
    await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0);
    expect(pool.stats().created).toBe(pool.stats().destroyed);
  });

  test('a destroy that hangs is bounded, and the socket is closed under it', async () => {
    const server = await listen();
    const accepted = once(server, 'connection');
    const pool = makePool(
      { ...socketFactory(portOf(server)), destroy: () => new Promise(() => {}) },
      { destroyTimeoutMillis: 20 },
    );
    await pool.release(await pool.acquire());
    const [peer] = (await accepted) as [Socket];
    const [failed] = await Promise.all([once(pool, 'factoryDestroyError'), once(peer, 'close'), pool.close()]);
    expect(failed[0]).toMatchObject({ code: 'ERR_POOL_STEP_TIMEOUT' });
  });
});

describe('configuration', () => {
  test('one error names every bad option and variable, of the pool and of its sockets, before anything is opened', () => {
    process.env['LIFEGUARD_USER_TIMEOUT'] = 'banana';
    process.env['LIFEGUARD_POOL_MAX'] = '-1';
    cleanups.push(() => {
      delete process.env['LIFEGUARD_USER_TIMEOUT'];
      delete process.env['LIFEGUARD_POOL_MAX'];
    });
    const { factory, made } = numbered();
    const make = () => createPool(factory, { min: 1, idleTimeoutMillis: Number.NaN, tcp: { keepAliveCount: 500 } });
    expect(make).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG',
        problems: [
          { name: 'LIFEGUARD_POOL_MAX', value: '-1', allowed: expect.stringContaining('whole number from 1') },
          { name: 'idleTimeoutMillis', value: 'NaN', allowed: expect.stringContaining('duration') },
          { name: 'tcp.keepAliveCount', value: '500', allowed: 'a whole number from 1 to 127' },
          { name: 'LIFEGUARD_USER_TIMEOUT', value: 'banana', allowed: expect.stringContaining('duration') },
        ],
      }),
    );
    expect(made()).toBe(0);
  });

  test('an explicit option goes before the pool’s own variable, that before the general one, that before the default', () => {
    process.env['LIFEGUARD_POOL_MAX'] = '3';
    cleanups.push(() => delete process.env['LIFEGUARD_POOL_MAX']);
    expect(makePool(numbered().factory, { name: 'orders' }).max).toBe(3);
    process.env['LIFEGUARD_ORDERS_POOL_MAX'] = '4';
    cleanups.push(() => delete process.env['LIFEGUARD_ORDERS_POOL_MAX']);
    expect(makePool(numbered().factory, { name: 'orders' }).max).toBe(4);
    expect(makePool(numbered().factory, { name: 'orders', max: 5 }).max).toBe(5);
    expect(makePool(numbered().factory).max).toBe(3);
  });

  test('a user timeout that one lost probe would trip is warned of in the log', () => {
    const { lines, logger } = notebook();
    makePool(numbered().factory, { logger, tcp: { userTimeoutMillis: 2000 } });
    expect(lines[0]).toMatchObject({ level: 'warn', message: expect.stringContaining('one keepalive probe') });
  });

  test('a factory that lacks a member is a TypeError', () => {
    expect(() => createPool({ destroy: () => {} } as unknown as Factory<number>)).toThrow(
      new TypeError('factory.create must be a function'),
    );
  });
});
