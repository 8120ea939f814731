import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Capture, captureSockets, openCapture } from './capture.js';
import { harden } from './harden.js';
import { inspect } from './inspect.js';
import { forVersion, needsLinux } from './testing/needs.js';
import { startPostgresHandshakes } from './testing/postgres.js';
import { connect, discard, startServer, startTlsServer, type TestServer, TRUST } from './testing/servers.js';

const NODES_CONNECT = net.Socket.prototype.connect;

/** Async contexts cost nothing from Node.js 24 on; before, they must not be followed for longer than necessary. */
const isFollowingFree = Number.parseInt(process.versions.node, 10) >= 24;

const from24 = forVersion('Node.js 24', isFollowingFree);
const before24 = forVersion('a Node.js before 24', !isFollowingFree);

const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable');

beforeEach(() => {
  expect(isFollowing()).toBe(false);
  disable.mockClear();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Whether new sockets, and on older versions async contexts, are looked at. */
function isFollowing(): boolean {
  return net.Socket.prototype.connect !== NODES_CONNECT;
}

/** A capture that ends with the test, and what it has captured. */
function capture(): Capture & { readonly sockets: Socket[] } {
  const sockets: Socket[] = [];
  const opened = openCapture((socket) => sockets.push(discard(socket)));
  onTestFinished(() => opened.close());
  return { used: () => opened.used(), run: (fn) => opened.run(fn), close: () => opened.close(), sockets };
}

function waitUntil(isSo: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(isSo()).toBe(true), { timeout: 10_000, interval: 2 });
}

function open({ port, host }: TestServer): Socket {
  return net.connect(port, host);
}

describe('what is captured', () => {
  test('a socket that is opened at once, before it connects', async () => {
    const server = await startServer();
    const { run, sockets } = capture();
    const socket = run(() => open(server));
    expect(sockets).toEqual([socket]);
    expect(socket.connecting).toBe(true);
    await once(socket, 'connect');
  });

  test('sockets that are opened after awaiting, in timers, and in what these set off', async () => {
    const server = await startServer();
    const { run, sockets } = capture();
    const opened = await run(async () => {
      const first = open(server);
      await once(first, 'connect');
      await sleep(1);
      const second = await new Promise<Socket>((resolve) => setTimeout(() => resolve(open(server)), 1));
      const third = await new Promise<Socket>((resolve) => second.once('connect', () => resolve(open(server))));
      await once(third, 'connect');
      return [first, second, third];
    });
    expect(sockets).toEqual(opened);
  });

  test('a socket that is opened later by a call that has returned at once', async () => {
    const server = await startServer();
    const { run, sockets } = capture();
    const opened = new Promise<Socket>((resolve) => {
      run(() => void setTimeout(() => setImmediate(() => resolve(open(server))), 5));
    });
    expect(sockets).toEqual([await opened]);
  });

  test('not what others open in the meantime, and of several captures each gets its own', async () => {
    const server = await startServer();
    const captures = [capture(), capture(), capture()];
    const opened = captures.map(({ run }, index) =>
      run(async () => {
        await sleep(index);
        return open(server);
      }),
    );
    const foreign = await connect(server);
    const sockets = await Promise.all(opened);
    expect(captures.map((each) => each.sockets)).toEqual(sockets.map((socket) => [socket]));
    expect(sockets).not.toContain(foreign);
  });

  test('by the innermost of nested captures, and by it alone', async () => {
    const server = await startServer();
    const outer = capture();
    const inner = capture();
    const [byInner, byOuter] = await outer.run(async () => [await inner.run(async () => open(server)), open(server)]);
    expect(inner.sockets).toEqual([byInner]);
    expect(outer.sockets).toEqual([byOuter]);
  });

  test('TLS, HTTP/2 and fetch', async () => {
    const { port, host } = await startTlsServer();
    const byTls = capture();
    const secure = await byTls.run(async () => {
      const socket = tls.connect({ port, host, ...TRUST });
      await once(socket, 'secureConnect');
      return socket;
    });
    expect(byTls.sockets).toEqual([secure]);

    const h2 = http2.createServer().listen(0, '127.0.0.1');
    await once(h2, 'listening');
    onTestFinished(() => void h2.close());
    const byHttp2 = capture();
    const session = byHttp2.run(() => http2.connect(`http://127.0.0.1:${(h2.address() as net.AddressInfo).port}`));
    onTestFinished(() => session.destroy());
    await once(session, 'connect');
    expect(byHttp2.sockets.map(({ localPort }) => localPort)).toEqual([session.socket.localPort]);

    const web = http.createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(web, 'listening');
    onTestFinished(() => void web.close().closeAllConnections());
    const { port: webPort } = web.address() as net.AddressInfo;
    const byFetch = capture();
    await byFetch.run(async () => (await fetch(`http://127.0.0.1:${webPort}`)).text());
    expect(byFetch.sockets.map(({ remotePort }) => remotePort)).toEqual([webPort]);
  });

  test('one socket for a host with several addresses', async () => {
    const { port } = await startServer('127.0.0.1');
    const { run, sockets } = capture();
    const socket = run(() => net.connect({ port, host: 'localhost', autoSelectFamily: true }));
    await once(socket, 'connect');
    expect(sockets).toEqual([socket]);
  });

  test.runIf(needsLinux()).each([
    ['plain', false],
    ['TLS', TRUST],
  ])('the socket of the driver pg, %s: hardened here it stays so, whatever the driver sets', async (_, ssl) => {
    const port = await startPostgresHandshakes();
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'u',
      ssl,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
    });
    client.on('error', () => {});
    const capture = openCapture((socket) => harden(discard(socket), { userTimeoutMillis: 12_345 }));
    onTestFinished(() => capture.close());
    await capture.run(() => client.connect());
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    expect(inspect(stream)?.options).toEqual({
      keepAlive: true,
      keepAliveIdleMillis: 5000,
      keepAliveIntervalMillis: 1000,
      keepAliveCount: 3,
      userTimeoutMillis: 12_345,
    });
    expect(stream instanceof tls.TLSSocket).toBe(ssl !== false);
  });
});

describe('what a captured call gives back', () => {
  test('is what it returns, the very same promise too', async () => {
    const { run } = capture();
    const promise = Promise.resolve(7);
    expect(run(() => 7)).toBe(7);
    expect(run(() => promise)).toBe(promise);
  });

  test('is what it throws, and then nothing is followed', async () => {
    const { run } = capture();
    const failure = new Error('no');
    expect(() =>
      run(() => {
        throw failure;
      }),
    ).toThrow(failure);
    expect(isFollowing()).toBe(isFollowingFree);
    await expect(run(async () => Promise.reject(failure))).rejects.toBe(failure);
  });

  test('is not started by looking at it: a lazy promise stays lazy', () => {
    const { run } = capture();
    const then = vi.fn();
    run(() => ({ then }));
    expect(then).not.toHaveBeenCalled();
  });
});

/** A client that reconnects by itself, as many drivers do, until the test ends. */
class StubbornClient {
  readonly sockets: Socket[] = [];
  #isStopped = false;
  readonly #open: () => Socket;

  constructor(open: () => Socket) {
    this.#open = open;
    onTestFinished(() => {
      this.#isStopped = true;
    });
    this.connect();
  }

  connect(): void {
    const socket = this.#open();
    this.sockets.push(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      if (!this.#isStopped) setTimeout(() => this.connect(), 5);
    });
  }

  async socketAt(index: number): Promise<Socket> {
    await waitUntil(() => this.sockets.length > index);
    const socket = this.sockets[index];
    if (socket === undefined) throw new Error('unreachable');
    if (socket.connecting) await once(socket, 'connect');
    return socket;
  }
}

describe('a client that reconnects by itself', () => {
  async function start(server: TestServer) {
    const captured = capture();
    const client = await captured.run(async () => {
      const client = new StubbornClient(() => open(server));
      await client.socketAt(0);
      return client;
    });
    // What follows is no part of the captured call.
    await sleep(1);
    return { client, ...captured };
  }

  test('is followed when the peer closes, time and again', async () => {
    const server = await startServer();
    const { client, sockets } = await start(server);
    for (let round = 0; round < 3; round += 1) {
      const socket = await client.socketAt(round);
      await waitUntil(() => server.accepted.length > round);
      socket.resume();
      server.accepted[round]?.end();
    }
    await client.socketAt(3);
    expect(sockets).toEqual(client.sockets);
  });

  test('is followed when the peer resets the connection', async () => {
    const server = await startServer();
    const { client, sockets } = await start(server);
    await waitUntil(() => server.accepted.length === 1);
    server.accepted[0]?.resetAndDestroy();
    await client.socketAt(1);
    expect(sockets).toEqual(client.sockets);
  });

  test('is followed when somebody else, in another context, destroys its socket', async () => {
    const server = await startServer();
    const { client, sockets } = await start(server);
    const request = new AsyncLocalStorage<string>();
    request.run('another request', () => client.sockets[0]?.destroy());
    await client.socketAt(1);
    expect(sockets).toEqual(client.sockets);
    request.disable();
  });

  test('is followed when it tries again and again, awaiting each attempt', async () => {
    const server = await startServer();
    const { run, sockets } = capture();
    const opened: Socket[] = [];
    const tryOften = async () => {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const socket = discard(open(server));
        opened.push(socket);
        try {
          await once(socket, 'connect');
          return socket;
        } catch {
          await sleep(5);
        }
      }
      return undefined;
    };
    const first = await run(tryOften);
    const tried = new Promise((resolve) => first?.once('close', () => void tryOften().then(resolve)));
    await server.close();
    first?.destroy();
    await tried;
    expect(opened).toHaveLength(4);
    expect(sockets).toEqual(opened);
  });

  test('is followed when it tries again after a handshake that failed, awaiting each step', async () => {
    const server = await startServer();
    const { run, sockets } = capture();
    const opened: Socket[] = [];
    const connectOften = async (failures: number) => {
      for (let attempt = 0; ; attempt += 1) {
        const socket = discard(open(server));
        opened.push(socket);
        try {
          await once(socket, 'connect');
          if (attempt >= failures) return socket;
          await sleep(5);
          setTimeout(() => socket.destroy(new Error('still starting')), 5);
          await once(socket, 'data');
        } catch {
          await sleep(5);
        }
      }
    };
    const first = await run(() => connectOften(0));
    const back = new Promise((resolve) => first.once('close', () => void connectOften(1).then(resolve)));
    first.destroy();
    await back;
    expect(opened).toHaveLength(3);
    expect(sockets).toEqual(opened);
  });

  test('is followed as long as the peer refuses', async () => {
    const server = await startServer();
    const { client, sockets } = await start(server);
    client.sockets[0]?.resume();
    await server.close();
    await waitUntil(() => client.sockets.length > 4);
    expect(sockets).toEqual(client.sockets);
  });

  test('is followed when it listens on the TLS socket only, and the socket below was captured', async () => {
    const server = await startTlsServer();
    const handshakes = (count: number) => waitUntil(() => server.accepted.length >= count);
    const { run, sockets } = capture();
    const client = await run(async () => {
      const client = new StubbornClient(() => {
        const below = net.connect(server.port, server.host);
        return tls.connect({ socket: below, host: server.host, ...TRUST });
      });
      await handshakes(1);
      return client;
    });
    await sleep(1);
    client.sockets[0]?.destroy();
    await handshakes(2);
    expect(sockets).toHaveLength(2);
    client.sockets[1]?.resume();
    server.accepted[1]?.end();
    await handshakes(3);
    expect(sockets.map(({ remotePort }) => remotePort)).toEqual([undefined, undefined, server.port]);
    expect(sockets[2]?.localPort).toBe(client.sockets[2]?.localPort);
  });

  test.runIf(from24)('is followed when it awaits the end of its socket in a loop', async () => {
    const server = await startServer();
    const { run, sockets } = capture();
    const opened: Socket[] = [];
    let isStopped = false;
    onTestFinished(() => {
      isStopped = true;
    });
    const reconnectForever = async (onFirst: () => void) => {
      while (!isStopped) {
        const socket = open(server);
        opened.push(socket);
        await once(socket, 'connect');
        onFirst();
        await new Promise((resolve) => socket.once('close', resolve));
      }
    };
    await run(() => new Promise<void>((resolve) => void reconnectForever(resolve)));
    await sleep(1);
    for (let round = 0; round < 3; round += 1) {
      await waitUntil(() => opened[round]?.connecting === false);
      opened[round]?.destroy();
    }
    await waitUntil(() => opened.length > 3);
    expect(sockets).toEqual(opened);
  });

  test('is followed when it uses one socket object again and again, whose emit is replaced once', async () => {
    const server = await startServer();
    const { run, sockets } = capture();
    const socket = await run(async () => {
      const socket = open(server);
      await once(socket, 'connect');
      return socket;
    });
    const { emit } = socket;
    for (let round = 0; round < 2; round += 1) {
      const reconnected = new Promise((resolve) => {
        socket.once('close', () =>
          setTimeout(() => socket.connect(server.port, server.host, () => resolve(socket)), 1),
        );
      });
      socket.destroy();
      await reconnected;
    }
    expect(sockets).toEqual([socket, socket, socket]);
    expect(socket.emit).toBe(emit);
  });

  test('is not followed after the capture was closed, although another is under way', async () => {
    const server = await startServer();
    const { client, sockets, close } = await start(server);
    const other = capture();
    void other.run(() => new Promise(() => {}));
    client.sockets[0]?.once('close', close);
    client.sockets[0]?.destroy();
    await client.socketAt(1);
    expect(sockets).toEqual(client.sockets.slice(0, 1));
  });
});

describe('what is left alone', () => {
  test('code that goes on after it has emitted an event of a captured socket is not in the capture', async () => {
    const server = await startServer();
    const { run, sockets } = capture();
    const socket = run(() => open(server));
    await once(socket, 'connect');
    await sleep(1);
    socket.emit('end');
    const foreign = discard(open(server));
    const later = await new Promise<Socket>((resolve) => setTimeout(() => resolve(discard(open(server))), 1));
    expect(sockets).toEqual([socket]);
    expect(sockets).not.toContain(foreign);
    expect(sockets).not.toContain(later);
  });

  test('listeners get their arguments, and emit its result', async () => {
    const server = await startServer();
    const { run } = capture();
    const socket = run(() => open(server));
    const heard: unknown[] = [];
    socket.on('error', (...args) => heard.push(...args));
    socket.on('custom', (...args) => heard.push(...args));
    expect([socket.emit('error', 'broken'), socket.emit('custom', 1, 2), socket.emit('unheard')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(heard).toEqual(['broken', 1, 2]);
  });

  test('an error that nobody listens for is still thrown', async () => {
    const server = await startServer();
    const opened: Socket[] = [];
    const capture = openCapture((socket) => opened.push(socket));
    onTestFinished(() => capture.close());
    const socket = capture.run(() => open(server));
    onTestFinished(() => void socket.destroy());
    expect(() => socket.emit('error', new Error('unheard'))).toThrow('unheard');
    expect(opened).toEqual([socket]);
  });

  test('other async contexts', async () => {
    const server = await startServer();
    const { run } = capture();
    const other = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    await other.run('mine', () =>
      run(async () => {
        const socket = open(server);
        await once(socket, 'connect');
        seen.push(other.getStore());
        socket.once('close', () => seen.push(other.getStore()));
        socket.destroy();
        await once(socket, 'close');
      }),
    );
    expect(seen).toEqual(['mine', 'mine']);
    other.disable();
  });
});

describe('for how long async contexts are followed', () => {
  test.runIf(before24)(
    'before Node.js 24: until the promise of the call is settled, if it opened a socket',
    async () => {
      const server = await startServer();
      const { run } = capture();
      const running = run(async () => {
        await once(open(server), 'connect');
      });
      expect(isFollowing()).toBe(true);
      await running;
      expect(isFollowing()).toBe(false);
      expect(disable).toHaveBeenCalled();
    },
  );

  test.runIf(before24)('before Node.js 24: for all captures that are under way', async () => {
    const server = await startServer();
    const [short, long] = [capture(), capture()];
    const waiting = long.run(async () => {
      await sleep(20);
      return once(open(server), 'connect');
    });
    await short.run(async () => once(open(server), 'connect'));
    expect(isFollowing()).toBe(true);
    await waiting;
    expect(isFollowing()).toBe(false);
    expect(long.sockets).toHaveLength(1);
  });

  test.runIf(before24)(
    'before Node.js 24: after a socket has ended for 60 s, or until 10 s after the next is connected',
    async () => {
      const server = await startServer();
      const { run } = capture();
      const socket = await run(async () => {
        const socket = open(server);
        await once(socket, 'connect');
        return socket;
      });
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      socket.emit('end');
      expect(isFollowing()).toBe(true);
      vi.advanceTimersByTime(59_999);
      expect(isFollowing()).toBe(true);
      vi.advanceTimersByTime(1);
      expect(isFollowing()).toBe(false);

      const next = new Promise<Socket>((resolve) => {
        socket.once('end', () => queueMicrotask(() => resolve(discard(open(server)))));
      });
      socket.emit('end');
      expect(isFollowing()).toBe(true);
      const connected = once(await next, 'connect');
      expect(isFollowing()).toBe(true);
      await connected;
      vi.advanceTimersByTime(9_999);
      expect(isFollowing()).toBe(true);
      vi.advanceTimersByTime(1);
      expect(isFollowing()).toBe(false);
    },
  );

  test.runIf(before24)(
    'before Node.js 24: a client that was at work and has opened no socket is not waited for',
    async () => {
      const server = await startServer();
      const idle = openCapture(() => {});
      onTestFinished(() => idle.close());
      idle.run(() => undefined);
      expect(isFollowing()).toBe(true);
      idle.used();
      expect(isFollowing()).toBe(false);

      const { run, sockets } = capture();
      await run(async () => once(open(server), 'connect'));
      sockets[0]?.emit('end');
      expect(isFollowing()).toBe(true);
    },
  );

  test('the timer of these 60 s keeps no process alive', async () => {
    const { run } = capture();
    const timeout = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timeout.mockRestore());
    run(() => undefined);
    const timers = timeout.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(timers).toHaveLength(isFollowingFree ? 0 : 1);
    expect(timers.every((timer) => !timer.hasRef())).toBe(true);
  });

  test.runIf(from24)('from Node.js 24 on: until the capture is closed', async () => {
    const server = await startServer();
    const { run, close } = capture();
    await run(async () => once(open(server), 'connect'));
    expect(isFollowing()).toBe(true);
    close();
    expect(isFollowing()).toBe(false);
  });

  test('no longer than until the capture is closed, even if the call hangs for ever', () => {
    const { run, close } = capture();
    void run(() => new Promise(() => {}));
    expect(isFollowing()).toBe(true);
    close();
    expect(isFollowing()).toBe(false);
  });

  test('not again when a socket ends whose capture is closed', async () => {
    const server = await startServer();
    const { run, close } = capture();
    const socket = run(() => open(server));
    await once(socket, 'connect');
    close();
    const enter = vi.spyOn(AsyncLocalStorage.prototype, 'run');
    onTestFinished(() => enter.mockRestore());
    socket.emit('end');
    expect(enter).not.toHaveBeenCalled();
    expect(isFollowing()).toBe(false);
  });

  test('not at all once the capture is closed: it calls, and that is all', async () => {
    const server = await startServer();
    const { run, close, sockets } = capture();
    close();
    const socket = run(() => discard(open(server)));
    await once(socket, 'connect');
    expect(isFollowing()).toBe(false);
    expect(sockets).toEqual([]);
  });
});

describe('a capture of what is opened at once', () => {
  function captureAtOnce() {
    const sockets: Socket[] = [];
    const opened = openCapture((socket) => sockets.push(discard(socket)), { atOnce: true });
    onTestFinished(() => opened.close());
    return { run: <R>(fn: () => R) => opened.run(fn), close: () => opened.close(), sockets };
  }

  test('follows no async context: it has what is opened before its function returns, and nothing else', async () => {
    const server = await startServer();
    const { run, sockets } = captureAtOnce();
    const follow = vi.spyOn(AsyncLocalStorage.prototype, 'run');
    onTestFinished(() => follow.mockRestore());
    let later: Socket | undefined;
    const first = await run(async () => {
      const socket = open(server);
      await once(socket, 'connect');
      expect(isFollowing()).toBe(false);
      later = discard(open(server));
      return socket;
    });
    const foreign = discard(open(server));
    expect(sockets).toEqual([first]);
    expect(sockets).not.toContain(later);
    expect(sockets).not.toContain(foreign);
    expect(follow).not.toHaveBeenCalled();
  });

  test('the innermost of nested captures has the socket, of whatever kind they are', async () => {
    const server = await startServer();
    const atOnce = captureAtOnce();
    const following = capture();
    atOnce.run(() => following.run(() => open(server)));
    expect([atOnce.sockets.length, following.sockets.length]).toEqual([0, 1]);
    following.run(() => atOnce.run(() => open(server)));
    expect([atOnce.sockets.length, following.sockets.length]).toEqual([1, 1]);
    expect(() =>
      atOnce.run(() => {
        throw new Error('of the function');
      }),
    ).toThrow('of the function');
    discard(open(server));
    expect(atOnce.sockets).toHaveLength(1);
  });

  test('closed it captures nothing more', async () => {
    const server = await startServer();
    const { run, close, sockets } = captureAtOnce();
    close();
    discard(run(() => open(server)));
    expect(sockets).toEqual([]);
  });
});

// The last, for what it leaves open goes on following when its socket ends.
test('captureSockets needs no closing', async () => {
  const server = await startServer();
  const sockets: Socket[] = [];
  const socket = await captureSockets(
    async () => {
      const socket = open(server);
      await once(socket, 'connect');
      return socket;
    },
    (each) => sockets.push(discard(each)),
  );
  expect(sockets).toEqual([socket]);
  expect(isFollowing()).toBe(isFollowingFree);
});
