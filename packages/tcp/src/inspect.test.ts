import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { harden } from './harden.js';
import { inspect } from './inspect.js';
import { kernelOptions } from './testing/kernel.js';
import { needsIpv6, needsLinux } from './testing/needs.js';
import { connect, connectTls, discard, startServer, startTlsServer, startUnixServer } from './testing/servers.js';

describe.runIf(needsLinux())('inspect', () => {
  test('tells the addresses, the options and TCP_INFO of a socket', async () => {
    const server = await startServer();
    const socket = await connect(server);
    harden(socket, {
      keepAliveIdleMillis: 6000,
      keepAliveIntervalMillis: 2000,
      keepAliveCount: 4,
      userTimeoutMillis: 12_345,
    });
    expect(inspect(socket)).toEqual({
      fd: expect.any(Number),
      local: `127.0.0.1:${socket.localPort}`,
      peer: `127.0.0.1:${server.port}`,
      options: {
        keepAlive: true,
        keepAliveIdleMillis: 6000,
        keepAliveIntervalMillis: 2000,
        keepAliveCount: 4,
        userTimeoutMillis: 12_345,
      },
      info: expect.objectContaining({ state: 'ESTABLISHED', probes: 0, retransmits: 0, unacked: 0 }),
      verdict: 'alive',
    });
    expect(kernelOptions(socket)).toEqual({
      SO_KEEPALIVE: 1,
      TCP_KEEPIDLE: 6,
      TCP_KEEPINTVL: 2,
      TCP_KEEPCNT: 4,
      TCP_USER_TIMEOUT: 12_345,
    });
  });

  test('a socket that nobody hardened shows what the system gave it', async () => {
    const socket = await connect(await startServer());
    const kernel = kernelOptions(socket);
    expect(inspect(socket)?.options).toEqual({
      keepAlive: false,
      keepAliveIdleMillis: kernel.TCP_KEEPIDLE * 1000,
      keepAliveIntervalMillis: kernel.TCP_KEEPINTVL * 1000,
      keepAliveCount: kernel.TCP_KEEPCNT,
      userTimeoutMillis: 0,
    });
  });

  test('the numbers move as data do: times since data were sent and received, round trips, windows', async () => {
    const server = await startServer();
    const accepting = server.accept();
    const socket = await connect(server);
    const peer = await accepting;
    peer.write('hello');
    await once(socket, 'data');
    const info = inspect(socket)?.info;
    expect(info?.lastDataReceivedMillis).toBeLessThan(1000);
    expect(info?.rttMicros).toBeGreaterThan(0);
    expect(info?.rttMicros).toBeLessThan(1_000_000);
    expect(info?.rtoMicros).toBeGreaterThanOrEqual(200_000);
    expect(info?.rtoMicros).toBeLessThan(4_000_000);
    expect(info?.sendWindowBytes).toBeGreaterThan(1000);
    expect(info?.totalRetransmits).toBe(0);
  });

  test('bytes that the kernel can not send yet are counted, against a peer that does not read', async () => {
    const server = await startServer();
    const accepting = server.accept();
    const socket = await connect(server);
    (await accepting).pause();
    const chunk = Buffer.alloc(1 << 20);
    while (socket.write(chunk) || socket.writableLength < 8 * chunk.length);
    await expect.poll(() => inspect(socket)?.info?.notSentBytes).toBeGreaterThan(100_000);
  });

  test('TLS and the server side of a connection are inspected too', async () => {
    const server = await startTlsServer();
    const accepting = server.accept();
    const socket = await connectTls(server);
    const peer = await accepting;
    expect(inspect(socket)).toMatchObject({ peer: `127.0.0.1:${server.port}`, verdict: 'alive' });
    expect(inspect(peer)).toMatchObject({ local: `127.0.0.1:${server.port}`, peer: inspect(socket)?.local });
  });

  test.runIf(needsIpv6())('an IPv6 address is in brackets', async () => {
    const server = await startServer('::1');
    expect(inspect(await connect(server))?.peer).toBe(`[::1]:${server.port}`);
  });

  test('a Unix socket has options of its own kind, no TCP_INFO and no peer', async () => {
    const socket = discard(net.connect(await startUnixServer()));
    await once(socket, 'connect');
    expect(inspect(socket)).toMatchObject({ peer: undefined, info: undefined, verdict: 'unknown' });
    expect(inspect(socket)?.options).not.toHaveProperty('userTimeoutMillis');
  });

  test('a socket without a file descriptor gives nothing', async () => {
    const socket = await connect(await startServer());
    socket.destroy();
    expect(inspect(socket)).toBeUndefined();
    expect(inspect(new net.Socket())).toBeUndefined();
  });
});
