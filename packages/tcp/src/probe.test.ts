import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import net, { type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ConfigError } from './errors.js';
import { harden } from './harden.js';
import { inspect } from './inspect.js';
import { probe } from './probe.js';
import { PACKAGE_URL, runModule } from './testing/child.js';
import { kernelOptions } from './testing/kernel.js';
import { needsIpv6, needsLinux } from './testing/needs.js';
import { connect, discard, startServer, startTlsServer, startUnixServer, upgrade } from './testing/servers.js';

/** Far longer than a loopback needs: whoever settles in it has not waited for its end. */
const AMPLE_MILLIS = 20_000;

/** The kernel itself has to be silent for so long, there is no event to wait for. */
async function untilSilent(socket: Socket): Promise<void> {
  await vi.waitFor(() => expect(lastAckOf(socket)).toBeGreaterThan(1050), { timeout: 5000 });
}

function lastAckOf(socket: Socket): number {
  return inspect(socket)?.info?.lastAckReceivedMillis ?? -1;
}

async function connectSilent(host = '127.0.0.1'): Promise<Socket> {
  const socket = await connect(await startServer(host));
  await untilSilent(socket);
  return socket;
}

async function expectAnswer(socket: Socket): Promise<void> {
  const before = kernelOptions(socket);
  expect(await probe(socket, { timeoutMillis: AMPLE_MILLIS })).toBe('alive');
  expect(lastAckOf(socket)).toBeLessThan(500);
  expect(kernelOptions(socket)).toEqual(before);
}

describe.runIf(needsLinux())('a peer that is there', () => {
  test('answers, and the options are what they were: a socket as Node.js makes it', async () => {
    const socket = await connectSilent();
    expect(kernelOptions(socket).SO_KEEPALIVE).toBe(0);
    await expectAnswer(socket);
  });

  test('answers, and the options are what they were: a driver has set keepalive', async () => {
    const socket = await connectSilent();
    socket.setKeepAlive(true, 30_000);
    await expectAnswer(socket);
  });

  test('answers, and the options are what they were: hardened', async () => {
    const socket = await connectSilent();
    harden(socket, { keepAliveIdleMillis: 6000, userTimeoutMillis: 12_345 });
    await expectAnswer(socket);
    await untilSilent(socket);
    await expectAnswer(socket);
  });

  test('answers when asked anew, though it gave a sign a moment ago: not before the kernel can ask', async () => {
    const socket = await connect(await startServer('127.0.0.1'));
    const before = kernelOptions(socket);
    const start = performance.now();
    expect(await probe(socket, { timeoutMillis: AMPLE_MILLIS, anew: true })).toBe('alive');
    expect(performance.now() - start).toBeGreaterThan(900);
    expect(lastAckOf(socket)).toBeLessThan(500);
    expect(kernelOptions(socket)).toEqual(before);
  });

  test('is found by a sign of its own, when asked anew, as soon as that comes', async () => {
    const server = await startServer('127.0.0.1');
    const socket = await connect(server);
    const start = performance.now();
    const answer = probe(socket, { timeoutMillis: AMPLE_MILLIS, anew: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.write('a question of the protocol, which the peer acknowledges');
    expect(await answer).toBe('alive');
    expect(performance.now() - start).toBeLessThan(700);
  });

  test('is found in a few milliseconds', async () => {
    const socket = await connectSilent();
    const start = performance.now();
    expect(await probe(socket)).toBe('alive');
    expect(performance.now() - start).toBeLessThan(200);
  });

  test.runIf(needsIpv6())('answers over IPv6', async () => {
    await expectAnswer(await connectSilent('::1'));
  });

  test('answers over TLS, through either socket or both at once, and the options are what they were', async () => {
    const server = await startTlsServer();
    const socket = await connect(server);
    const upgraded = await upgrade(socket, server.host);
    await untilSilent(upgraded);
    const before = kernelOptions(upgraded);
    expect(await Promise.all([probe(socket), probe(upgraded), probe(socket)])).toEqual(['alive', 'alive', 'alive']);
    expect(kernelOptions(upgraded)).toEqual(before);
  });

  test('answers though its process is frozen', async () => {
    const peer = spawn(process.execPath, [
      '--eval',
      `const server = require('node:net').createServer((socket) => socket.resume());
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));`,
    ]);
    onTestFinished(() => void peer.kill('SIGKILL'));
    const [port] = await once(peer.stdout, 'data');
    const socket = discard(net.connect(Number(port), '127.0.0.1'));
    await once(socket, 'connect');
    peer.kill('SIGSTOP');
    await vi.waitFor(() => expect(readFileSync(`/proc/${peer.pid}/stat`, 'utf8')).toContain(') T '));
    await untilSilent(socket);
    await expectAnswer(socket);
  });

  test('whom harden meets meanwhile has the options of harden', async () => {
    const socket = await connectSilent();
    const answer = probe(socket);
    harden(socket, { keepAliveIdleMillis: 1000, keepAliveIntervalMillis: 2000, userTimeoutMillis: 12_345 });
    expect(await answer).toBe('alive');
    expect(kernelOptions(socket)).toEqual({
      SO_KEEPALIVE: 1,
      TCP_KEEPIDLE: 1,
      TCP_KEEPINTVL: 2,
      TCP_KEEPCNT: 3,
      TCP_USER_TIMEOUT: 12_345,
    });
  });

  test('whom a driver sets keepalive on meanwhile keeps what the driver has set', async () => {
    const socket = await connectSilent();
    const answer = probe(socket);
    socket.setKeepAlive(true, 30_000);
    expect(await answer).toBe('alive');
    expect(kernelOptions(socket)).toMatchObject({ TCP_KEEPIDLE: 30, TCP_USER_TIMEOUT: 0 });
  });
});

describe.runIf(needsLinux())('a connection that is no more', () => {
  test('is dead, if the socket was destroyed', async () => {
    const socket = await connect(await startServer());
    socket.destroy();
    expect(await probe(socket)).toBe('dead');
  });

  test('is dead at once, if the socket is destroyed meanwhile', async () => {
    const socket = await connectSilent();
    const answer = probe(socket, { timeoutMillis: AMPLE_MILLIS });
    const start = performance.now();
    socket.destroy();
    expect(await answer).toBe('dead');
    expect(performance.now() - start).toBeLessThan(200);
    expect(socket.listenerCount('close')).toBe(0);
  });

  test('is dead, if the peer has closed it', async () => {
    const server = await startServer();
    const accepting = server.accept();
    const socket = discard(net.connect({ port: server.port, host: server.host, allowHalfOpen: true }));
    const peer = await accepting;
    peer.end();
    await once(socket.resume(), 'end');
    expect(await probe(socket)).toBe('dead');
  });

  test('is dead, if an HTTP/2 session lets go of its socket meanwhile', async () => {
    const server = http2.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(session, 'connect');
    const { socket } = session;
    await untilSilent(socket as Socket);
    expect(await probe(socket)).toBe('alive');
    await untilSilent(socket as Socket);
    const answer = probe(socket, { timeoutMillis: AMPLE_MILLIS });
    session.destroy();
    expect(await answer).toBe('dead');
  });
});

describe.runIf(needsLinux())('what can not be asked', () => {
  test('a Unix socket is unknown', async () => {
    const socket = discard(net.connect(await startUnixServer()));
    await once(socket, 'connect');
    expect(await probe(socket)).toBe('unknown');
  });

  test('a socket that is not connected yet is unknown', async () => {
    const server = await startServer();
    const socket = discard(new net.Socket());
    expect(await probe(socket)).toBe('unknown');
    socket.connect(server.port, server.host);
    expect(await probe(socket)).toBe('unknown');
  });

  test.each([0, -1, Number.NaN, 2 ** 31])('a timeout of %d is an error', async (timeoutMillis) => {
    const socket = await connect(await startServer());
    await expect(probe(socket, { timeoutMillis })).rejects.toThrow(ConfigError);
  });

  test('nothing is asked with LIFEGUARD_ENABLED off', async () => {
    const source = `
      const { probe } = await import(${JSON.stringify(PACKAGE_URL)});
      console.log(JSON.stringify(await probe(new (await import('node:net')).Socket())));
    `;
    expect(await runModule(source, { env: { LIFEGUARD_ENABLED: 'off' } })).toBe('unknown');
  });
});

test.runIf(needsLinux())('nothing is left in the process: it ends by itself, long before the timeout', async () => {
  const told = await runModule(`
    import net from 'node:net';
    import { once } from 'node:events';
    import { setTimeout as delay } from 'node:timers/promises';
    const { probe } = await import(${JSON.stringify(PACKAGE_URL)});
    const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = net.connect(server.address().port, '127.0.0.1');
    await once(socket, 'connect');
    await delay(1100);
    const answered = await probe(socket, { timeoutMillis: ${10 * AMPLE_MILLIS} });
    await delay(1100);
    const asking = probe(socket, { timeoutMillis: ${10 * AMPLE_MILLIS} });
    const timersMeanwhile = timers();
    socket.destroy();
    const destroyed = await asking;
    server.close();
    console.log(JSON.stringify({ answered, destroyed, timersMeanwhile, timersAfter: timers() }));
    function timers() {
      return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    }
  `);
  expect(told).toEqual({ answered: 'alive', destroyed: 'dead', timersMeanwhile: 1, timersAfter: 0 });
});
