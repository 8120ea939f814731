import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createPool as createPoolOf, type EvictReason, type Logger, type Pool } from '@lifeguard/pool';
import { inspect } from '@lifeguard/tcp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TEST_CERTIFICATE } from './certificate.fixture.js';
import { createPool, DirtySocketError, netFactory, tlsFactory } from './index.js';
import { ask, type LineServer, read, say, startServer } from './server.fixture.js';

const ignore = () => {};
const logger: Logger = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
const TCP = { userTimeoutMillis: 7000, keepAliveIdleMillis: 3000 };

type Transport = 'plain' | 'tls';

function poolOf<S extends Socket>(pool: Pool<S>): Pool<S> {
  onTestFinished(() => pool.close({ timeoutMillis: 100 }));
  return pool;
}

function open(
  transport: Transport,
  { port }: LineServer,
  options: { max?: number; noDelay?: boolean } = {},
): Pool<Socket> {
  const all = {
    host: 'localhost',
    family: 4,
    port,
    logger,
    tcp: TCP,
    max: 1,
    destroyTimeoutMillis: 300,
    ...options,
  } as const;
  if (transport === 'plain') return poolOf(createPool(all));
  return poolOf(createPool({ ...all, tls: { ca: TEST_CERTIFICATE } })) as unknown as Pool<Socket>;
}

function nextEviction(pool: Pool<Socket>): Promise<[Socket, EvictReason, unknown]> {
  return once(pool, 'evict') as Promise<[Socket, EvictReason, unknown]>;
}

/** Borrows, misbehaves, and gives back as if nothing had happened. */
async function misuse(pool: Pool<Socket>, deed: (socket: Socket) => unknown): Promise<string> {
  const evicted = nextEviction(pool);
  const socket = await pool.acquire();
  await deed(socket);
  await pool.release(socket);
  const [gone, reason, error] = await evicted;
  expect(gone).toBe(socket);
  expect(reason).toBe('reset-failed');
  expect(error).toBeInstanceOf(DirtySocketError);
  const next = await pool.acquire();
  expect(next).not.toBe(socket);
  expect(await ask(next, 'hello')).toBe('hello\n');
  await pool.release(next);
  return (error as DirtySocketError).message;
}

describe.each(['plain', 'tls'] as const)('a socket of the pool, %s', (transport) => {
  test('is hardened, and lent again after a clean loan', async () => {
    const pool = open(transport, await startServer(transport));
    const first = await pool.use(async (socket) => {
      expect(inspect(socket)?.options).toMatchObject(process.platform === 'linux' ? TCP : {});
      expect(await ask(socket, 'hello')).toBe('hello\n');
      return socket;
    });
    for (let round = 0; round < 20; round += 1) {
      const socket = await pool.acquire();
      expect(socket).toBe(first);
      expect(socket.readableFlowing).toBeOneOf([null, false]);
      expect(await ask(socket, `round ${round}`)).toBe(`round ${round}\n`);
      await pool.release(socket);
    }
    expect(pool.stats().created).toBe(1);
  });

  test('with unread bytes is not lent again', async () => {
    const pool = open(transport, await startServer(transport));
    const fault = await misuse(pool, async (socket) => {
      await say(socket, 'say two lines');
      await once(socket, 'readable');
    });
    expect(fault).toContain('8 bytes are unread');
  });

  test('to which bytes come that nobody has asked for leaves the pool at once', async () => {
    const server = await startServer(transport);
    const pool = open(transport, server);
    const socket = await pool.acquire();
    expect(await ask(socket, 'hello')).toBe('hello\n');
    await pool.release(socket);
    const evicted = nextEviction(pool);
    for (const each of server.sockets) each.write('by the way\n');
    expect((await evicted)[2]).toMatchObject({
      code: 'ERR_NET_DIRTY',
      faults: [expect.stringContaining('11 bytes came')],
    });
    expect(pool.size).toBe(0);
  });

  test('whose borrower did not wait for the answer leaves the pool when it comes', async () => {
    const server = await startServer(transport);
    const pool = open(transport, server);
    const evicted = nextEviction(pool);
    await pool.use((socket) => say(socket, 'too late'));
    expect((await evicted)[2]).toBeInstanceOf(DirtySocketError);
  });

  test('that was read by listeners, paused or resumed is as new for the next borrower', async () => {
    const pool = open(transport, await startServer(transport));
    const first = await pool.acquire();
    const heard = new Promise((resolve) => first.once('data', resolve));
    await say(first, 'hello');
    expect(String(await heard)).toBe('hello\n');
    expect(first.readableFlowing).toBe(true);
    await pool.release(first);

    const second = await pool.acquire();
    expect(second).toBe(first);
    await say(second, 'again');
    await once(second, 'readable');
    expect(await read(second)).toBe('again\n');
    second.pause();
    await pool.release(second);

    const third = await pool.acquire();
    expect(third).toBe(first);
    const flowing = once(third, 'data');
    await say(third, 'and again');
    expect(String(await flowing)).toBe('and again\n');
    await pool.release(third);
  });

  test('of which a listener is left behind is not lent again, and the error names the events', async () => {
    const pool = open(transport, await startServer(transport));
    expect(await misuse(pool, (socket) => socket.on('data', ignore).once('timeout', ignore))).toMatch(/data, timeout/);
    expect(await misuse(pool, (socket) => socket.once('error', ignore))).toMatch(/: error$/);
    expect(await misuse(pool, (socket) => socket.on('close', ignore))).toMatch(/: close$/);
    // As many as before, and not the same.
    const replace = (socket: Socket) => {
      const [others] = socket.listeners('end');
      if (others) socket.off('end', others as () => void).on('end', ignore);
    };
    expect(await misuse(pool, replace)).toMatch(/: end$/);
  });

  test('of which its borrower has taken all listeners off is not lent again, and its end ends no process', async () => {
    const server = await startServer(transport);
    const pool = open(transport, server);
    const uncaught: unknown[] = [];
    const note = (error: unknown) => uncaught.push(error);
    process.on('uncaughtException', note);
    onTestFinished(() => void process.off('uncaughtException', note));
    // As is done by who tidies up after himself.
    expect(await misuse(pool, (socket) => socket.removeAllListeners('error'))).toMatch(/taken off .*: error$/);
    const fault = await misuse(pool, (socket) => {
      const [accepted] = [...server.sockets].slice(-1);
      accepted?.pause();
      socket.write('x'.repeat(20_000_000));
      socket.removeAllListeners();
      // While it is being closed, and has still something to send.
      pool.once('evict', () => setImmediate(() => accepted?.destroy()));
    });
    expect(fault).toMatch(/taken off .*: (?=.*error)(?=.*close)/);
    expect(uncaught).toEqual([]);
  });

  test('that was read by listeners of both kinds at once loses no word of the next borrower', async () => {
    const pool = open(transport, await startServer(transport));
    const first = await pool.acquire();
    await pool.release(first);
    const socket = await pool.acquire();
    socket.on('readable', ignore).off('readable', ignore).resume();
    await pool.release(socket);
    const next = await pool.acquire();
    expect(next).toBe(first);
    await say(next, 'later');
    // Nobody listens yet.
    await expect.poll(() => next.readableLength).toBe(6);
    expect(String(next.read())).toBe('later\n');
    await pool.release(next);
  });

  test('that was half-closed by its borrower or by its peer is not lent again', async () => {
    const server = await startServer(transport);
    const pool = open(transport, server);
    expect(await misuse(pool, (socket) => socket.end())).toMatch(/its borrower has ended it/);

    const evicted = nextEviction(pool);
    const socket = await pool.acquire();
    const ended = once(socket, 'end');
    await say(socket, 'end');
    await ended;
    await pool.release(socket);
    expect((await evicted).slice(0, 2)).toEqual([socket, 'peer-closed']);
    expect(await pool.acquire()).not.toBe(socket);
  });

  test('that its peer ends while it is idle leaves the pool', async () => {
    const server = await startServer(transport);
    const pool = open(transport, server);
    await pool.use((socket) => ask(socket, 'hello'));
    const evicted = nextEviction(pool);
    for (const each of server.sockets) each.end();
    expect((await evicted)[1]).toBe('peer-closed');
    expect(pool.size).toBe(0);
  });

  test('with bytes that are still to be sent, or that is corked, is not lent again', async () => {
    const server = await startServer(transport);
    const pool = open(transport, server);
    const big = 'x'.repeat(20_000_000);
    const fault = await misuse(pool, (socket) => {
      for (const each of server.sockets) each.pause();
      socket.write(big);
    });
    expect(fault).toMatch(/\d+ bytes are not sent yet/);
    expect(await misuse(pool, (socket) => socket.cork())).toMatch(/it is corked/);
  });

  test('whose encoding was set is not lent again', async () => {
    const pool = open(transport, await startServer(transport));
    expect(await misuse(pool, (socket) => socket.setEncoding('utf8'))).toMatch(/its encoding was set to utf8/);
  });

  test('has no timeout and keeps the process alive again, whatever its borrower set', async () => {
    const pool = open(transport, await startServer(transport));
    const socket = await pool.acquire();
    socket.setTimeout(50);
    socket.setDefaultEncoding('hex');
    await pool.release(socket);
    expect(await pool.acquire()).toBe(socket);
    expect(socket.timeout).toBeFalsy();
    expect(await ask(socket, 'hello')).toBe('hello\n');
    await pool.release(socket);
  });

  test('lends to those who wait, one after the other, without a word lost', async () => {
    const pool = open(transport, await startServer(transport), { max: 2 });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => pool.use((socket) => ask(socket, `call ${index}`))),
    );
    expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => `call ${index}\n`));
    expect(pool.stats().created).toBeLessThanOrEqual(2);
  });

  test('that a borrower gives back with an error is closed', async () => {
    const pool = open(transport, await startServer(transport));
    const failed = pool.use(async () => {
      throw new Error('half a frame');
    });
    await expect(failed).rejects.toThrow('half a frame');
    expect(pool.size).toBe(0);
  });

  test('is closed with the pool, which ends by itself', async () => {
    const server = await startServer(transport);
    const pool = open(transport, server, { max: 3 });
    // All three at once: one that is given back early would serve a second caller, and the third socket come when it likes.
    const lent = await Promise.all([1, 2, 3].map(() => pool.acquire()));
    await Promise.all(lent.map((socket) => ask(socket, 'hello')));
    expect(server.sockets.size).toBe(3);
    await Promise.all(lent.map((socket) => pool.release(socket)));
    const closed = Promise.all([...server.sockets].map((socket) => once(socket, 'close')));
    await pool.close();
    await closed;
    expect(server.sockets.size).toBe(0);
  });
});

test('a socket that its borrower has destroyed a moment ago is not lent again', async () => {
  const pool = open('plain', await startServer());
  const socket = await pool.acquire();
  const [evicted, next] = [nextEviction(pool), pool.acquire()];
  socket.destroy();
  void pool.release(socket);
  expect((await evicted)[2]).toMatchObject({ faults: ['its borrower has destroyed it'] });
  expect(await ask(await next, 'hello')).toBe('hello\n');
});

test('a socket that has failed leaves the pool for the reason of its failure', async () => {
  const server = await startServer();
  const pool = open('plain', server);
  const evicted = nextEviction(pool);
  const socket = await pool.acquire();
  const failed = once(socket, 'close').catch(ignore);
  await say(socket, 'reset');
  await failed;
  await pool.release(socket);
  expect((await evicted).slice(1)).toMatchObject(['reset', { code: 'ECONNRESET' }]);
});

test('what the peer says before the first loan is for the first borrower', async () => {
  const server = await startServer();
  const pool = open('plain', server);
  const socket = await pool.acquire();
  const [accepted] = server.sockets;
  accepted?.write('welcome\n');
  expect(await read(socket)).toBe('welcome\n');
  await pool.release(socket);
  expect(await pool.acquire()).toBe(socket);
});

test('a factory of one’s own may greet in create, and is guarded all the same', async () => {
  const { port } = await startServer();
  const sockets = netFactory({ host: '127.0.0.1', port });
  const greeted: string[] = [];
  const create = async () => {
    const socket = await sockets.create();
    greeted.push(await ask(socket, 'login'));
    return socket;
  };
  const pool = poolOf(createPoolOf({ ...sockets, create }, { logger, max: 1 }));
  await pool.use((socket) => ask(socket, 'hello'));
  expect(await misuse(pool, (socket) => socket.once('data', ignore))).toMatch(/data/);
  expect(greeted).toEqual(['login\n', 'login\n']);
});

test('validate asks the peer’s kernel', async () => {
  const { port } = await startServer();
  const factory = netFactory({ host: '127.0.0.1', port });
  const socket = await factory.create();
  expect(await factory.validate?.(socket)).toBe(true);
  await factory.destroy(socket);
  expect(await factory.validate?.(socket)).toBe(false);
});

test('a certificate that is not trusted is told at once, not after the acquire timeout', async () => {
  const { port } = await startServer('tls');
  const pool = poolOf(createPool({ host: 'localhost', port, tls: true, logger }));
  await expect(pool.acquire()).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
});

test('TLS names the host it connects to, unless it is an address', async () => {
  const server = await startServer('tls');
  const nameOf = async (host: string) => {
    const factory = tlsFactory({ host, port: server.port, ca: TEST_CERTIFICATE, family: 4 });
    const socket: TLSSocket = await factory.create();
    await ask(socket, 'hello');
    const [accepted] = [...server.sockets].slice(-1) as TLSSocket[];
    await factory.destroy(socket);
    return (accepted as unknown as { servername: string | false }).servername;
  };
  expect(await nameOf('localhost')).toBe('localhost');
  expect(await nameOf('127.0.0.1')).toBe(false);
});

test('a port that is missing, or is none, is told before anything connects, together with all else', () => {
  const options = { host: 'localhost' } as unknown as { host: string; port: number };
  expect(() => netFactory(options)).toThrow(/port=undefined .*1 to 65535/);
  expect(() => tlsFactory({ ...options, port: 65_536 })).toThrow(/port=65536/);
  expect(() => createPool({ port: Number.NaN, max: 0, tcp: { keepAliveCount: -1 } })).toThrow(
    /port=NaN.*max=0.*tcp\.keepAliveCount=-1/,
  );
});

test('a port that is written as a text will do, as for Node.js', async () => {
  const { port } = await startServer();
  const pool = poolOf(createPool({ host: '127.0.0.1', port: `${port}` as unknown as number, logger }));
  expect(await pool.use((socket) => ask(socket, 'hello'))).toBe('hello\n');
});

test('an option that can’t be used is an error of the constructor', async () => {
  expect(() => createPool({ port: 1, max: 0 })).toThrow(/max/);
  expect(() => createPool({ port: 1, tcp: { keepAliveCount: -1 } })).toThrow(/tcp.keepAliveCount/);
});
