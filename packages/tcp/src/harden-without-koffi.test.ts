import { describe, expect, test } from 'vitest';
import { PACKAGE_URL, runModule } from './testing/child.js';
import { needsLinux } from './testing/needs.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** `setKeepAlive(enable, delay, interval, count)` came with these versions. */
const takesInterval = major > 26 || (major === 26 && minor >= 4) || (major === 24 && minor >= 21);

/** Hides koffi from the package that asks for it by its name; the kernel is asked through the file itself. */
const HIDE_KOFFI = `
  import net from 'node:net';
  import { once } from 'node:events';
  import Module, { createRequire } from 'node:module';
  const koffiPath = createRequire(${JSON.stringify(PACKAGE_URL)}).resolve('koffi');
  const resolve = Module._resolveFilename;
  Module._resolveFilename = (request, ...rest) => {
    if (request === 'koffi') throw new Error('no koffi here\\nRequire stack: none');
    return resolve(request, ...rest);
  };
  const { capabilities, harden, inspect, probe, verdict } = await import(${JSON.stringify(PACKAGE_URL)});
  const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connect = async () => {
    const socket = net.connect(server.address().port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  const getsockopt = createRequire(koffiPath)(koffiPath).load(null).func('int getsockopt(int, int, int, void *, void *)');
  const ask = (socket, level, name) => {
    const value = new Int32Array(1);
    if (getsockopt(socket._handle.fd, level, name, value, Uint32Array.of(4)) !== 0) throw new Error('getsockopt');
    return value[0];
  };
  const inKernel = (socket) => [ask(socket, 1, 9), ask(socket, 6, 4), ask(socket, 6, 5), ask(socket, 6, 6), ask(socket, 6, 18)];
  const plain = ({ state, effective, refused }) => ({ state, effective, refused });
`;

describe.runIf(needsLinux())('without koffi', () => {
  test('keepalive is set all the same, and it is said what is not, and why', async () => {
    const report = await runModule(`${HIDE_KOFFI}
      const socket = await connect();
      const hardening = plain(harden(socket, { keepAliveIdleMillis: 6000, keepAliveIntervalMillis: 2000, keepAliveCount: 4 }));
      console.log(JSON.stringify({ hardening, inKernel: inKernel(socket) }));
      process.exit();
    `);
    const reason = `Node.js ${process.versions.node} sets an interval of 1 s and a count of 10, always`;
    expect(report).toEqual({
      hardening: {
        state: 'partial',
        effective: {},
        refused: [
          ...(takesInterval
            ? []
            : [
                { option: 'keepAliveIntervalMillis', wanted: 2000, got: 1000, reason },
                { option: 'keepAliveCount', wanted: 4, got: 10, reason },
              ]),
          { option: 'userTimeoutMillis', wanted: 10_000, reason: 'koffi could not be loaded: no koffi here' },
        ],
      },
      inKernel: takesInterval ? [1, 6, 2, 4, 0] : [1, 6, 1, 10, 0],
    });
  });

  test("a driver's setKeepAlive changes nothing afterwards, another harden does", async () => {
    const report = await runModule(`${HIDE_KOFFI}
      const socket = await connect();
      harden(socket, { keepAliveIdleMillis: 6000 });
      socket.setKeepAlive(true, 30_000);
      socket.setKeepAlive(false);
      const afterDriver = inKernel(socket).slice(0, 2);
      harden(socket, { keepAliveIdleMillis: 7500 });
      const afterHarden = inKernel(socket).slice(0, 2);
      harden(socket, { keepAlive: false });
      console.log(JSON.stringify({ afterDriver, afterHarden, off: inKernel(socket)[0] }));
      process.exit();
    `);
    expect(report).toEqual({ afterDriver: [1, 6], afterHarden: [1, 8], off: 0 });
  });

  test('the options that Node.js sets by itself are no refusals', async () => {
    const report = await runModule(`${HIDE_KOFFI}
      const socket = await connect();
      const options = { keepAliveIntervalMillis: 1000, keepAliveCount: 10, userTimeoutMillis: 0 };
      console.log(JSON.stringify({ hardening: plain(harden(socket, options)), inKernel: inKernel(socket) }));
      process.exit();
    `);
    expect(report).toEqual({
      hardening: { state: 'partial', effective: {}, refused: [] },
      inKernel: [1, 5, 1, 10, 0],
    });
  });

  test("an HTTP/2 session's socket, whose own setKeepAlive throws, gets its keepalive", async () => {
    const report = await runModule(`${HIDE_KOFFI}
      import http2 from 'node:http2';
      const h2 = http2.createServer().listen(0, '127.0.0.1');
      await once(h2, 'listening');
      const session = http2.connect('http://127.0.0.1:' + h2.address().port);
      await once(session, 'connect');
      const { state } = harden(session.socket);
      console.log(JSON.stringify({ state, inKernel: inKernel(session.socket).slice(0, 2) }));
      process.exit();
    `);
    expect(report).toEqual({ state: 'partial', inKernel: [1, 5] });
  });

  test('verdict and probe are unknown, inspect tells the addresses, and capabilities tell why', async () => {
    const report = await runModule(`${HIDE_KOFFI}
      const socket = await connect();
      const { options, info, verdict: inspected, peer } = inspect(socket);
      const { supported } = capabilities();
      console.log(JSON.stringify({ verdict: verdict(socket), probed: await probe(socket), inspected, options, info: info ?? null, peer: typeof peer, supported }));
      process.exit();
    `);
    const missing = { ok: false, reason: 'koffi could not be loaded: no koffi here' };
    expect(report).toEqual({
      verdict: 'unknown',
      probed: 'unknown',
      inspected: 'unknown',
      options: {},
      info: null,
      peer: 'string',
      supported: {
        keepAlive: { ok: true },
        keepAliveIdle: { ok: true },
        keepAliveInterval: takesInterval ? { ok: true } : missing,
        keepAliveCount: takesInterval ? { ok: true } : missing,
        userTimeout: missing,
        tcpInfo: missing,
        probe: missing,
      },
    });
  });

  test("under Node's permission model, which loads no native code, keepalive is set", async () => {
    const flags = major >= 22 ? ['--permission'] : ['--experimental-permission'];
    if (major >= 25) flags.push('--allow-net');
    const report = await runModule(
      `
      import net from 'node:net';
      import { once } from 'node:events';
      const { capabilities, harden } = await import(${JSON.stringify(PACKAGE_URL)});
      const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const socket = net.connect(server.address().port, '127.0.0.1');
      await once(socket, 'connect');
      console.log(JSON.stringify({ state: harden(socket).state, reason: capabilities().supported.userTimeout.reason }));
      process.exit();
      `,
      { flags: [...flags, '--allow-fs-read=*', '--no-warnings'] },
    );
    expect(report).toEqual({ state: 'partial', reason: expect.stringContaining('koffi could not be loaded: ') });
  });
});
