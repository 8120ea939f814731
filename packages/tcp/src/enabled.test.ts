import { expect, test } from 'vitest';
import { isEnabled } from './enabled.js';
import { ConfigError } from './errors.js';
import { PACKAGE_URL, runModule } from './testing/child.js';

test('it is on by default, and off by LIFEGUARD_ENABLED', () => {
  expect(isEnabled({})).toBe(true);
  expect(isEnabled({ LIFEGUARD_ENABLED: 'on' })).toBe(true);
  expect(isEnabled({ LIFEGUARD_ENABLED: 'off' })).toBe(false);
  expect(() => isEnabled({ LIFEGUARD_ENABLED: 'perhaps' })).toThrow(ConfigError);
});

test("the process's own environment is read when first asked for, and once", async () => {
  const answers = await runModule(`
    const { isEnabled } = await import(${JSON.stringify(PACKAGE_URL)});
    process.env.LIFEGUARD_ENABLED = 'off';
    const first = isEnabled();
    process.env.LIFEGUARD_ENABLED = 'on';
    console.log(JSON.stringify([first, isEnabled()]));
  `);
  expect(answers).toEqual([false, false]);
});

test('off: harden, captureSockets and verdict leave sockets alone', async () => {
  const report = await runModule(
    `
    import net from 'node:net';
    import { once } from 'node:events';
    const { captureSockets, harden, inspect, verdict } = await import(${JSON.stringify(PACKAGE_URL)});
    const { connect } = net.Socket.prototype;
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const captured = [];
    const socket = captureSockets(() => net.connect(server.address().port, '127.0.0.1'), (each) => captured.push(each));
    await once(socket, 'connect');
    const { state, refused } = harden(socket);
    console.log(JSON.stringify({
      captured: captured.length,
      patched: net.Socket.prototype.connect !== connect || Object.hasOwn(socket, 'emit'),
      listeners: socket.listenerCount('connect'),
      state,
      refused,
      verdict: verdict(socket),
      keepAlive: inspect(socket).options.keepAlive,
    }));
    process.exit();
    `,
    { env: { LIFEGUARD_ENABLED: 'off' } },
  );
  expect(report).toEqual({
    captured: 0,
    patched: false,
    listeners: 0,
    state: 'disabled',
    refused: [],
    verdict: 'unknown',
    ...(process.platform === 'linux' ? { keepAlive: false } : {}),
  });
});

test('importing the package reads no environment, loads no koffi and patches nothing', async () => {
  const report = await runModule(`
    import net from 'node:net';
    import { createRequire } from 'node:module';
    const { connect } = net.Socket.prototype;
    const asked = [];
    process.env = new Proxy(process.env, { get: (env, name) => (asked.push(name), env[name]) });
    await import(${JSON.stringify(PACKAGE_URL)});
    const loaded = Object.keys(createRequire(${JSON.stringify(PACKAGE_URL)}).cache);
    console.log(JSON.stringify({
      asked: asked.filter((name) => String(name).startsWith('LIFEGUARD')),
      koffi: loaded.filter((path) => path.includes('koffi')),
      patched: net.Socket.prototype.connect !== connect,
    }));
  `);
  expect(report).toEqual({ asked: [], koffi: [], patched: false });
});
