import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import pg from 'pg';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { onClientSocket } from './client-socket.js';
import { startPostgresHandshakes } from './testing/postgres.js';
import { connect, discard, startServer, startTlsServer, TRUST, unixSocketPath } from './testing/servers.js';

const { prototype } = net.Socket;
const { connect: NODES_CONNECT } = prototype;

afterAll(() => {
  expect(prototype.connect).toBe(NODES_CONNECT);
});

/** The sockets told of until the test ends. */
function listen(): Socket[] {
  const told: Socket[] = [];
  onTestFinished(onClientSocket((socket) => told.push(socket)));
  return told;
}

async function startHttpServer(): Promise<number> {
  const server = http.createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  return (server.address() as net.AddressInfo).port;
}

describe('what is told, once each', () => {
  test('net.connect, by port, by text, by options and as a list that Node.js has read already', async () => {
    const { port, host } = await startServer();
    const told = listen();
    const sockets = [
      net.connect(port, host),
      net.connect({ port, host }),
      discard(new net.Socket()).connect(port, host),
      discard(new net.Socket()).connect({ port, host }),
      Reflect.apply(prototype.connect, discard(new net.Socket()), [String(port), host]) as Socket,
    ].map(discard);
    expect(told).toEqual(sockets);
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    expect(told).toHaveLength(sockets.length);
  });

  test('before the socket has a handle, while its connect is running', async () => {
    const server = await startServer();
    const handles: unknown[] = [];
    onTestFinished(
      onClientSocket((socket) => handles.push((socket as unknown as { _handle: unknown })._handle, socket.connecting)),
    );
    await connect(server);
    expect(handles).toEqual([null, false]);
  });

  test('tls.connect', async () => {
    const { port, host } = await startTlsServer();
    const told = listen();
    const socket = discard(tls.connect({ port, host, ...TRUST }));
    await once(socket, 'secureConnect');
    expect(told).toEqual([socket]);
  });

  test('http2.connect', async () => {
    const server = http2.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const told = listen();
    const session = http2.connect(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    onTestFinished(() => session.destroy());
    await once(session, 'connect');
    expect(told.map(({ remotePort }) => remotePort)).toEqual([session.socket.remotePort]);
  });

  test('http and fetch', async () => {
    const port = await startHttpServer();
    const told = listen();
    const [response] = (await once(http.get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
      http.IncomingMessage,
    ];
    response.resume();
    await once(response, 'end');
    expect(told).toHaveLength(1);
    await (await fetch(`http://127.0.0.1:${port}`)).text();
    expect(told).toHaveLength(2);
  });

  test('the driver pg, plain and TLS', async () => {
    const port = await startPostgresHandshakes();
    const told = listen();
    for (const ssl of [false, TRUST]) {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'u', ssl });
      client.on('error', () => {});
      await client.connect();
      const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
      expect(told.pop()?.localPort).toBe(stream.localPort);
      expect(told).toEqual([]);
      stream.destroy();
    }
  });

  test('several addresses of one host', async () => {
    const { port } = await startServer('127.0.0.1');
    const told = listen();
    const socket = discard(net.connect({ port, host: 'localhost', autoSelectFamily: true }));
    await once(socket, 'connect');
    expect(told).toEqual([socket]);
  });

  test('a reconnect of the same object, again', async () => {
    const server = await startServer();
    const told = listen();
    const socket = await connect(server);
    socket.destroy();
    await once(socket, 'close');
    await once(socket.connect(server.port, server.host), 'connect');
    expect(told).toEqual([socket, socket]);
  });

  test('Unix sockets not at all', async () => {
    const path = unixSocketPath();
    const server = http.createServer((_, response) => response.end('ok')).listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close().closeAllConnections());
    const told = listen();
    const sockets = [
      net.connect(path),
      net.connect({ path }),
      new net.Socket().connect(path),
      new net.Socket().connect({ path }),
    ].map(discard);
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const [response] = (await once(http.get({ socketPath: path, agent: false }), 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    expect(told).toEqual([]);
  });
});

describe('listeners', () => {
  test('each is told; one function that listens twice is told twice', async () => {
    const server = await startServer();
    const told: string[] = [];
    const twice = () => void told.push('twice');
    onTestFinished(onClientSocket(() => told.push('once')));
    onTestFinished(onClientSocket(twice));
    onTestFinished(onClientSocket(twice));
    await connect(server);
    expect(told).toEqual(['once', 'twice', 'twice']);
  });

  test('one that throws breaks no connect and no other listener, and becomes a warning', async () => {
    const server = await startServer();
    const warning = once(process, 'warning');
    onTestFinished(
      onClientSocket(() => {
        throw new Error('listener failed');
      }),
    );
    const told = listen();
    const socket = await connect(server);
    expect(told).toEqual([socket]);
    expect(await warning).toEqual([
      expect.objectContaining({
        name: 'LifeguardWarning',
        code: 'LIFEGUARD_LISTENER',
        message: expect.stringContaining('listener failed'),
      }),
    ]);
  });

  test('one that subscribes during a connect is told of the next one', async () => {
    const server = await startServer();
    const told: Socket[] = [];
    const unsubscribe = onClientSocket(() => {
      unsubscribe();
      onTestFinished(onClientSocket((socket) => told.push(socket)));
    });
    await connect(server);
    expect(told).toEqual([]);
    const second = await connect(server);
    expect(told).toEqual([second]);
  });

  test('one that has unsubscribed is told no more, and unsubscribing again ends no other subscription', async () => {
    const server = await startServer();
    const gone: Socket[] = [];
    const unsubscribe = onClientSocket((socket) => gone.push(socket));
    const told = listen();
    unsubscribe();
    unsubscribe();
    await connect(server);
    expect(gone).toEqual([]);
    expect(told).toHaveLength(1);
  });
});

describe('Socket.prototype.connect', () => {
  test('keeps its name and length, returns the socket, and is put back with the last subscription', () => {
    const first = onClientSocket(() => {});
    const second = onClientSocket(() => {});
    expect(prototype.connect).not.toBe(NODES_CONNECT);
    const { name, length } = prototype.connect;
    expect({ name, length }).toEqual({ name: NODES_CONNECT.name, length: NODES_CONNECT.length });
    first();
    expect(prototype.connect).not.toBe(NODES_CONNECT);
    second();
    expect(prototype.connect).toBe(NODES_CONNECT);
  });

  test('throws what Node.js throws', () => {
    listen();
    expect(() => discard(new net.Socket()).connect({} as net.TcpNetConnectOpts)).toThrow(
      expect.objectContaining({ code: 'ERR_MISSING_ARGS' }),
    );
    expect(() => discard(new net.Socket()).connect(99_999, '127.0.0.1')).toThrow(RangeError);
  });

  test('wrapped by others on top of ours: told once, passed on when nobody listens, and never wrapped deeper', async () => {
    const server = await startServer();
    const unsubscribe = onClientSocket(() => {});
    const ours = prototype.connect;
    const theirs = function connect(this: Socket, ...args: unknown[]) {
      return Reflect.apply(ours, this, args);
    } as typeof ours;
    prototype.connect = theirs;
    unsubscribe();
    expect(prototype.connect).toBe(theirs);
    await connect(server);
    for (let round = 0; round < 3; round += 1) {
      const told: Socket[] = [];
      const again = onClientSocket((socket) => told.push(socket));
      expect(prototype.connect).toBe(theirs);
      const socket = await connect(server);
      expect(told).toEqual([socket]);
      again();
    }
    // They leave; then ours is on top again, and goes with the next subscription.
    prototype.connect = ours;
    onClientSocket(() => {})();
  });

  test('put back by others although we listen: the next subscription wraps it again', async () => {
    const server = await startServer();
    const first = onClientSocket(() => {});
    prototype.connect = NODES_CONNECT;
    const told = listen();
    const socket = await connect(server);
    expect(told).toEqual([socket]);
    first();
  });
});
