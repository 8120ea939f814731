import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findPlatform, type InfoLayout } from './platform/index.js';
import { PACKAGE_URL, runModule } from './testing/child.js';
import { needsLinux } from './testing/needs.js';
import {
  connect,
  connectTls,
  discard,
  startServer,
  startTlsServer,
  startUnixServer,
  upgrade,
} from './testing/servers.js';
import { judge, verdict } from './verdict.js';

function layoutOf(name: NodeJS.Platform): InfoLayout {
  const layout = findPlatform(name)?.info;
  if (layout === undefined) throw new Error(`no TCP_INFO on ${name}`);
  return layout;
}

describe('the verdict on what the kernel returned', () => {
  const linux = layoutOf('linux');
  const ESTABLISHED = 1;

  /** `unacked` at byte 24, in whichever byte order. */
  function linuxInfo({ state = ESTABLISHED, retransmits = 0, probes = 0, unacked = 0 }): Uint8Array {
    const bytes = new Uint8Array(256);
    bytes.set([state, 0, retransmits, probes]);
    new Uint32Array(bytes.buffer)[6] = unacked;
    return bytes;
  }

  test.each([
    ['nothing against it', {}, 'alive'],
    ['data in flight', { unacked: 3 }, 'alive'],
    ['one probe out', { probes: 1 }, 'alive'],
    ['two probes unanswered', { probes: 2 }, 'suspect'],
    ['one retransmission', { retransmits: 1, unacked: 1 }, 'alive'],
    ['two retransmissions unanswered', { retransmits: 2, unacked: 1 }, 'suspect'],
    ['two retransmissions of very much data', { retransmits: 2, unacked: 65_536 }, 'suspect'],
    ['retransmissions of nothing', { retransmits: 2 }, 'alive'],
    ['a probe of each kind', { probes: 1, retransmits: 1, unacked: 1 }, 'alive'],
  ] as const)('established, %s', (_, info, expected) => {
    expect(judge(linux, linuxInfo(info), 256)).toBe(expected);
  });

  test.each([
    [2, 'SYN_SENT', 'unknown'],
    [3, 'SYN_RECV', 'unknown'],
    [12, 'NEW_SYN_RECV', 'unknown'],
    [4, 'FIN_WAIT1', 'dead'],
    [5, 'FIN_WAIT2', 'dead'],
    [6, 'TIME_WAIT', 'dead'],
    [7, 'CLOSE', 'dead'],
    [8, 'CLOSE_WAIT', 'dead'],
    [9, 'LAST_ACK', 'dead'],
    [10, 'LISTEN', 'dead'],
    [11, 'CLOSING', 'dead'],
    [0, 'no state', 'unknown'],
    [77, 'a state of a later kernel', 'unknown'],
  ])('state %d (%s) is %s', (state, _, expected) => {
    expect(judge(linux, linuxInfo({ state, probes: 2 }), 256)).toBe(expected);
  });

  test('bytes that the kernel did not return do not count', () => {
    const bytes = linuxInfo({ probes: 2, retransmits: 2, unacked: 1 });
    expect(judge(linux, bytes, 0)).toBe('unknown');
    expect(judge(linux, bytes, 3)).toBe('alive');
    expect(judge(linux, linuxInfo({ retransmits: 2, unacked: 1 }), 27)).toBe('alive');
  });

  test.each(['darwin', 'freebsd'] as const)('%s: established is 4, close-wait is 5, and nothing is suspect', (name) => {
    const bytes = new Uint8Array(256).fill(9);
    const verdictOn = (state: number) => judge(layoutOf(name), bytes.fill(state, 0, 1), 256);
    expect(verdictOn(4)).toBe('alive');
    expect(verdictOn(5)).toBe('dead');
    expect(verdictOn(0)).toBe('dead');
    expect(verdictOn(2)).toBe('unknown');
    expect(verdictOn(3)).toBe('unknown');
  });
});

/** A server with an event loop of its own: it closes or resets a connection as soon as it reads something from it. */
async function startHangUpServer(hangUp: 'end' | 'resetAndDestroy'): Promise<number> {
  const worker = new Worker(
    `
    const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {}).once('data', () => socket.${hangUp}());
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
    `,
    { eval: true },
  );
  onTestFinished(async () => void (await worker.terminate()));
  const [port] = await once(worker, 'message');
  return port as number;
}

/** Asks again and again without giving the event loop a chance to read what has come. */
function verdictAfterBlocking(socket: Socket): string {
  const deadline = Date.now() + 5000;
  while (verdict(socket) === 'alive' && Date.now() < deadline);
  return verdict(socket);
}

describe.runIf(needsLinux())('the verdict on a real socket', () => {
  test('a healthy connection is alive: plain, TLS, and both sides of an upgrade', async () => {
    expect(verdict(await connect(await startServer()))).toBe('alive');
    const server = await startTlsServer();
    expect(verdict(await connectTls(server))).toBe('alive');
    const socket = await connect(server);
    expect(verdict(await upgrade(socket, server.host))).toBe('alive');
    expect(verdict(socket)).toBe('alive');
  });

  test('a peer that has closed is dead before the event loop has read its FIN', async () => {
    const socket = discard(net.connect(await startHangUpServer('end'), '127.0.0.1'));
    await once(socket, 'connect');
    const ended = once(socket.resume(), 'end');
    expect(verdict(socket)).toBe('alive');
    socket.write('hang up');
    expect(verdictAfterBlocking(socket)).toBe('dead');
    expect(socket).toMatchObject({ readableEnded: false, destroyed: false });
    await ended;
  });

  test('a connection that the peer has reset is dead before the event loop has read the error', async () => {
    const socket = discard(net.connect(await startHangUpServer('resetAndDestroy'), '127.0.0.1'));
    await once(socket, 'connect');
    const closed = new Promise((resolve) => socket.resume().once('close', resolve));
    socket.write('hang up');
    expect(verdictAfterBlocking(socket)).toBe('dead');
    expect(socket.destroyed).toBe(false);
    await closed;
  });

  test('a socket that was destroyed is dead', async () => {
    const socket = await connect(await startServer());
    socket.destroy();
    expect(verdict(socket)).toBe('dead');
  });

  test('a socket of which an HTTP/2 session has let go is dead', async () => {
    const server = http2.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as net.AddressInfo;
    const session = http2.connect(`http://127.0.0.1:${port}`);
    await once(session, 'connect');
    const { socket } = session;
    expect(verdict(socket)).toBe('alive');
    session.destroy();
    await once(session, 'close');
    expect(verdict(socket)).toBe('dead');
  });

  test('a socket that is not connected yet is unknown', async () => {
    const server = await startServer();
    const socket = discard(new net.Socket());
    expect(verdict(socket)).toBe('unknown');
    socket.connect(server.port, server.host);
    expect(verdict(socket)).toBe('unknown');
    await new Promise((resolve) => process.nextTick(resolve));
    expect(socket.connecting).toBe(true);
    expect(verdict(socket)).not.toBe('dead');
    await once(socket, 'connect');
  });

  test('a Unix socket is unknown', async () => {
    const socket = discard(net.connect(await startUnixServer()));
    await once(socket, 'connect');
    expect(verdict(socket)).toBe('unknown');
  });

  test('a verdict allocates nothing', async () => {
    const bytesPerCall = await runModule(
      `
      import net from 'node:net';
      import { once } from 'node:events';
      const { verdict } = await import(${JSON.stringify(PACKAGE_URL)});
      const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const socket = net.connect(server.address().port, '127.0.0.1');
      await once(socket, 'connect');
      const CALLS = 1_000_000;
      // The young generation is larger than what is measured: nothing is collected in between, so growth is allocation.
      function growthPerCall(call) {
        for (let i = 0; i < CALLS / 10; i += 1) call();
        globalThis.gc();
        const before = process.memoryUsage();
        for (let i = 0; i < CALLS; i += 1) call();
        const after = process.memoryUsage();
        return (after.heapUsed + after.external - before.heapUsed - before.external) / CALLS;
      }
      let kept;
      const asking = growthPerCall(() => { if (verdict(socket) !== 'alive') throw new Error('not alive'); });
      const allocating = growthPerCall(() => { kept = { kept: undefined }; });
      console.log(JSON.stringify({ asking, allocating }));
      process.exit();
      `,
      { flags: ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'] },
    );
    const { asking, allocating } = bytesPerCall as { asking: number; allocating: number };
    expect(asking).toBeLessThan(1);
    expect(allocating).toBeGreaterThanOrEqual(8);
  });
});
