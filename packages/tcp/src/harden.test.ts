import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigError } from './errors.js';
import { type Hardening, harden } from './harden.js';
import { limitConnect } from './limit-connect.js';
import { resolveTcpOptions, type TcpOptions } from './options.js';
import { TEST_CERTIFICATE, TEST_KEY } from './testing/certificate.js';
import { kernelOptions } from './testing/kernel.js';
import { needsIpv6, needsLinux } from './testing/needs.js';
import {
  connect,
  connectTls,
  discard,
  startServer,
  startTlsServer,
  startUnixServer,
  TRUST,
  upgrade,
} from './testing/servers.js';

const WANTED: TcpOptions = {
  keepAlive: true,
  keepAliveIdleMillis: 6000,
  keepAliveIntervalMillis: 2000,
  keepAliveCount: 4,
  userTimeoutMillis: 12_345,
};

const IN_KERNEL = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 6, TCP_KEEPINTVL: 2, TCP_KEEPCNT: 4, TCP_USER_TIMEOUT: 12_345 };

function expectApplied(socket: Socket, hardening: Hardening): void {
  expect(kernelOptions(socket)).toEqual(IN_KERNEL);
  expect(hardening).toMatchObject({ state: 'applied', wanted: WANTED, effective: WANTED, refused: [] });
}

describe.runIf(needsLinux())('which sockets', () => {
  test('a connected socket is hardened at once', async () => {
    const socket = await connect(await startServer());
    expectApplied(socket, harden(socket, WANTED));
  });

  test('a socket that is still connecting is hardened before the listeners of its connect', async () => {
    const server = await startServer();
    const socket = discard(net.connect(server.port, server.host));
    const seen = new Promise((resolve) => socket.once('connect', () => resolve(kernelOptions(socket))));
    const hardening = harden(socket, WANTED);
    expect(hardening).toMatchObject({ state: 'pending', refused: [] });
    expect(hardening.effective).toEqual({});
    expect(await seen).toEqual(IN_KERNEL);
    expectApplied(socket, hardening);
  });

  test('a socket that was not told to connect yet is hardened when it does', async () => {
    const server = await startServer();
    const socket = discard(new net.Socket());
    const hardening = harden(socket, WANTED);
    expect(hardening.state).toBe('pending');
    await once(socket.connect(server.port, server.host), 'connect');
    expectApplied(socket, hardening);
  });

  test('a socket object that connects again is hardened again', async () => {
    const server = await startServer();
    const socket = await connect(server);
    const hardening = harden(socket, WANTED);
    socket.destroy();
    await once(socket, 'close');
    await once(socket.connect(server.port, server.host), 'connect');
    expectApplied(socket, hardening);
    socket.setKeepAlive(true, 30_000);
    expectApplied(socket, hardening);
  });

  test("a server's end of a connection is hardened", async () => {
    const server = await startServer();
    const accepting = server.accept();
    await connect(server);
    const socket = await accepting;
    expectApplied(socket, harden(socket, WANTED));
  });

  test('TLS that opens its own socket is hardened, before its handshake', async () => {
    const server = await startTlsServer();
    const socket = discard(tls.connect({ port: server.port, host: server.host, ...TRUST }));
    const hardening = harden(socket, WANTED);
    await once(socket, 'connect');
    expectApplied(socket, hardening);
    await once(socket, 'secureConnect');
    expectApplied(socket, hardening);
  });

  test('TLS over a socket that was hardened before stays hardened', async () => {
    const server = await startTlsServer();
    const socket = await connect(server);
    const hardening = harden(socket, WANTED);
    expectApplied(await upgrade(socket, server.host), hardening);
  });

  test('TLS over a socket is hardened through either of the two, and the last call counts', async () => {
    const server = await startTlsServer();
    const socket = await connect(server);
    const upgraded = await upgrade(socket, server.host);
    harden(socket, { ...WANTED, userTimeoutMillis: 20_000 });
    expectApplied(upgraded, harden(upgraded, WANTED));
    harden(socket, { ...WANTED, userTimeoutMillis: 20_000 });
    expect(kernelOptions(upgraded).TCP_USER_TIMEOUT).toBe(20_000);
  });

  test('TLS over a socket that is still connecting is hardened', async () => {
    const server = await startTlsServer();
    const socket = discard(net.connect(server.port, server.host));
    const upgraded = discard(tls.connect({ socket, host: server.host, ...TRUST }));
    const hardening = harden(upgraded, WANTED);
    await once(upgraded, 'secureConnect');
    expectApplied(upgraded, hardening);
  });

  test.runIf(needsIpv6())('IPv6 takes the same options', async () => {
    const socket = await connect(await startServer('::1'));
    expectApplied(socket, harden(socket, WANTED));
  });

  test.runIf(needsIpv6())('with several addresses the handle of the one that answered is hardened', async () => {
    const server = await startServer('127.0.0.1');
    const socket = discard(
      net.connect({
        host: 'localhost',
        port: server.port,
        autoSelectFamily: true,
        lookup: (_host, _options, callback) =>
          callback(null, [
            { address: '::1', family: 6 },
            { address: '127.0.0.1', family: 4 },
          ]),
      }),
    );
    const hardening = harden(socket, WANTED);
    const refusedAt: string[] = [];
    socket.on('connectionAttemptFailed', (address: string) => refusedAt.push(address));
    await once(socket, 'connect');
    expect(refusedAt).toEqual(['::1']);
    expectApplied(socket, hardening);
  });

  test("an HTTP/2 session's socket is hardened, plain and TLS", async () => {
    const servers = [
      ['http', http2.createServer()],
      ['https', http2.createSecureServer({ key: TEST_KEY, cert: TEST_CERTIFICATE })],
    ] as const;
    for (const [scheme, server] of servers) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as net.AddressInfo;
      const session = http2.connect(`${scheme}://127.0.0.1:${port}`, TRUST);
      onTestFinished(() => {
        session.destroy();
        server.close();
      });
      await once(session, 'connect');
      expectApplied(session.socket, harden(session.socket, WANTED));
    }
  });

  test('a socket that its HTTP/2 session has let go of is as any that is closed', async () => {
    const server = http2.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const session = http2.connect(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    await once(session, 'connect');
    const { socket } = session;
    session.destroy();
    await once(session, 'close');
    expect(() => limitConnect(socket, WANTED)).not.toThrow();
    const { state, effective } = harden(socket, WANTED);
    expect({ state, effective }).toEqual({ state: 'pending', effective: {} });
  });

  test('TLS over a stream that is no socket is unsupported, also before its handshake', async () => {
    const server = await startTlsServer();
    const below = await connect(server);
    const stream = Duplex.from({ readable: below, writable: below });
    const socket = discard(tls.connect({ socket: stream, host: server.host, ...TRUST }));
    const hardening = harden(socket, WANTED);
    expect(hardening.state).toBe('unsupported');
    await once(socket, 'secureConnect');
    const { state, effective } = harden(socket, WANTED);
    expect({ state, effective }).toEqual({ state: 'unsupported', effective: {} });
  });

  test('a Unix socket is unsupported, with the reason', async () => {
    const socket = discard(net.connect(await startUnixServer()));
    const hardening = harden(socket, WANTED);
    await once(socket, 'connect');
    expect(hardening).toMatchObject({ state: 'unsupported' });
    expect(hardening.effective).toEqual({});
    expect(hardening.refused).toHaveLength(5);
    expect(hardening.refused).toContainEqual({
      option: 'userTimeoutMillis',
      wanted: 12_345,
      got: undefined,
      errno: undefined,
      reason: 'not a TCP socket',
    });
  });
});

describe.runIf(needsLinux())("what a driver's setKeepAlive does afterwards", () => {
  const calls: [string, (socket: Socket) => unknown][] = [
    ['setKeepAlive(true, 30000)', (socket) => socket.setKeepAlive(true, 30_000)],
    ['setKeepAlive(true)', (socket) => socket.setKeepAlive(true)],
    ['setKeepAlive(true, 500)', (socket) => socket.setKeepAlive(true, 500)],
    ['setKeepAlive(false)', (socket) => socket.setKeepAlive(false)],
    ['setKeepAlive()', (socket) => socket.setKeepAlive()],
    [
      'setKeepAlive(true, 30000, 5000, 7), of Node.js 24.21 and later',
      (socket) => Reflect.apply(socket.setKeepAlive, socket, [true, 30_000, 5000, 7]),
    ],
    [
      'setKeepAlive({ enable, initialDelay, interval, count }), of Node.js 24.21 and later',
      (socket) =>
        Reflect.apply(socket.setKeepAlive, socket, [{ enable: true, initialDelay: 30_000, interval: 5000, count: 7 }]),
    ],
  ];

  test.each(calls)('nothing: %s', async (_, call) => {
    const plain = await connect(await startServer());
    const server = await startTlsServer();
    const direct = await connectTls(server);
    const below = await connect(server);
    const upgraded = await upgrade(below, server.host);
    for (const socket of [plain, direct, upgraded, below]) {
      const hardening = harden(socket, WANTED);
      expect(call(socket)).toBe(socket);
      expectApplied(socket, hardening);
    }
  });

  test.each(calls)('nothing, when TLS came over a socket that was hardened before: %s', async (_, call) => {
    const server = await startTlsServer();
    const below = await connect(server);
    const hardening = harden(below, WANTED);
    const upgraded = await upgrade(below, server.host);
    call(upgraded);
    expectApplied(upgraded, hardening);
  });

  test.each(calls)("nothing, in the driver's own connect listener: %s", async (_, call) => {
    const server = await startServer();
    const socket = discard(new net.Socket());
    socket.once('connect', () => call(socket));
    const hardening = harden(socket, WANTED);
    socket.connect(server.port, server.host);
    await once(socket, 'connect');
    expectApplied(socket, hardening);
  });

  test('nothing, if called before connecting: Node.js applies what it stored just before', async () => {
    const server = await startServer();
    const socket = discard(new net.Socket());
    const hardening = harden(socket, WANTED);
    socket.setKeepAlive(true, 30_000).connect(server.port, server.host);
    await once(socket, 'connect');
    expectApplied(socket, hardening);
  });

  test('nothing, if given as options of net.connect and tls.connect', async () => {
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: 30_000 };
    const server = await startServer();
    const plain = discard(net.connect({ port: server.port, host: server.host, ...keepAlive }));
    const ofPlain = harden(plain, WANTED);
    await once(plain, 'connect');
    expectApplied(plain, ofPlain);
    const tlsServer = await startTlsServer();
    const direct = discard(tls.connect({ port: tlsServer.port, host: tlsServer.host, ...TRUST, ...keepAlive }));
    const ofDirect = harden(direct, WANTED);
    await once(direct, 'secureConnect');
    expectApplied(direct, ofDirect);
  });

  test('on a socket that nobody hardened it works as ever', async () => {
    const server = await startServer();
    harden(await connect(server), WANTED);
    const socket = await connect(server);
    socket.setKeepAlive(true, 30_000);
    expect(kernelOptions(socket)).toMatchObject({ SO_KEEPALIVE: 1, TCP_KEEPIDLE: 30, TCP_USER_TIMEOUT: 0 });
  });
});

describe.runIf(needsLinux())('options', () => {
  test('called again it sets the new options, adds no listener and returns the same object', async () => {
    const server = await startServer();
    const socket = discard(net.connect(server.port, server.host));
    const first = harden(socket, { ...WANTED, userTimeoutMillis: 20_000 });
    const second = harden(socket, WANTED);
    expect(second).toBe(first);
    expect(socket.listenerCount('connect')).toBe(1);
    await once(socket, 'connect');
    expectApplied(socket, first);
    harden(socket, { ...WANTED, keepAlive: false, userTimeoutMillis: 0 });
    expect(kernelOptions(socket)).toEqual({ ...IN_KERNEL, SO_KEEPALIVE: 0, TCP_USER_TIMEOUT: 0 });
    expect(first.effective).toMatchObject({ keepAlive: false, userTimeoutMillis: 0 });
  });

  test('what is left out is the default', async () => {
    const socket = await connect(await startServer());
    expect(harden(socket)).toMatchObject({ state: 'applied', wanted: resolveTcpOptions() });
    expect(kernelOptions(socket)).toEqual({
      SO_KEEPALIVE: 1,
      TCP_KEEPIDLE: 5,
      TCP_KEEPINTVL: 1,
      TCP_KEEPCNT: 3,
      TCP_USER_TIMEOUT: 10_000,
    });
  });

  test('a time that the kernel counts in seconds is rounded up, which is no refusal', async () => {
    const socket = await connect(await startServer());
    const hardening = harden(socket, { ...WANTED, keepAliveIdleMillis: 5500 });
    expect(hardening).toMatchObject({ state: 'applied', refused: [], effective: { keepAliveIdleMillis: 6000 } });
    expectKernel(socket, { TCP_KEEPIDLE: 6 });
  });

  test('the ends of every range are taken by the kernel', async () => {
    const socket = await connect(await startServer());
    for (const options of [
      { keepAliveIdleMillis: 1000, keepAliveIntervalMillis: 1000, keepAliveCount: 1, userTimeoutMillis: 2 ** 31 - 1 },
      {
        keepAliveIdleMillis: 32_767_000,
        keepAliveIntervalMillis: 32_767_000,
        keepAliveCount: 127,
        userTimeoutMillis: 0,
      },
    ]) {
      expect(harden(socket, options)).toMatchObject({ state: 'applied', effective: options });
    }
  });

  test('a bad value is an error before the socket is touched', async () => {
    const socket = await connect(await startServer());
    const before = kernelOptions(socket);
    expect(() => harden(socket, { keepAliveIdleMillis: 0, userTimeoutMillis: -1 })).toThrow(ConfigError);
    expect(() => harden(socket, { keepAliveIdleMillis: 0, userTimeoutMillis: -1 })).toThrow(
      /keepAliveIdleMillis=0 .*userTimeoutMillis=-1 /,
    );
    expect(kernelOptions(socket)).toEqual(before);
    expect(socket.listenerCount('connect')).toBe(0);
    socket.setKeepAlive(true, 30_000);
    expect(kernelOptions(socket).TCP_KEEPIDLE).toBe(30);
  });

  function expectKernel(socket: Socket, options: Partial<typeof IN_KERNEL>): void {
    expect(kernelOptions(socket)).toMatchObject(options);
  }
});

describe('warnings', () => {
  function collectWarnings(): Error[] {
    const warnings: Error[] = [];
    const collect = (warning: Error) => warnings.push(warning);
    process.on('warning', collect);
    onTestFinished(() => void process.off('warning', collect));
    return warnings;
  }

  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test('a user timeout that kills on one lost probe is told once', async () => {
    const warnings = collectWarnings();
    const options = { ...WANTED, userTimeoutMillis: 3001 };
    harden(new net.Socket(), options);
    harden(new net.Socket(), options);
    await settled();
    expect(warnings).toEqual([
      expect.objectContaining({
        name: 'LifeguardWarning',
        code: 'LIFEGUARD_TCP_OPTIONS',
        message: expect.stringContaining('userTimeoutMillis 3001 ends a silent connection when one keepalive probe'),
      }),
    ]);
  });

  test('options that were resolved before are taken as they are, without a word', async () => {
    const warnings = collectWarnings();
    const options = resolveTcpOptions({ ...WANTED, userTimeoutMillis: 3002 });
    expect(harden(new net.Socket(), options).wanted).toBe(options);
    await settled();
    expect(warnings).toEqual([]);
  });
});
