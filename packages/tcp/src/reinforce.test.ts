import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ConfigError } from './errors.js';
import { baseHandleOf, isTcp, type TcpHandle } from './fd.js';
import { harden } from './harden.js';
import type { TcpOptions } from './options.js';
import { reinforce } from './reinforce.js';
import { kernelOptions } from './testing/kernel.js';
import { needsLinux } from './testing/needs.js';
import { connect, startServer } from './testing/servers.js';

const OURS: TcpOptions = {
  keepAlive: true,
  keepAliveIdleMillis: 6000,
  keepAliveIntervalMillis: 2000,
  keepAliveCount: 4,
  userTimeoutMillis: 12_345,
};
const IN_KERNEL = { SO_KEEPALIVE: 1, TCP_KEEPIDLE: 6, TCP_KEEPINTVL: 2, TCP_KEEPCNT: 4, TCP_USER_TIMEOUT: 12_345 };

const connected = async () => connect(await startServer());
function handleOf(socket: Socket): TcpHandle {
  const handle = baseHandleOf(socket);
  if (!handle || !isTcp(handle)) throw new Error('no TCP socket');
  return handle;
}

const onLinux = test.runIf(needsLinux());

onLinux('a socket on which nothing was set gets all five options, as read back', async () => {
  const socket = await connected();
  expect(reinforce(socket, OURS)).toMatchObject({ state: 'applied', wanted: OURS, effective: OURS, refused: [] });
  expect(kernelOptions(socket)).toEqual(IN_KERNEL);
});

onLinux('the options can be set without being read back', async () => {
  const socket = await connected();
  expect(reinforce(socket, OURS, { readBack: false })).toMatchObject({
    state: 'applied',
    effective: OURS,
    refused: [],
  });
  expect(kernelOptions(socket)).toEqual(IN_KERNEL);
});

onLinux('keepalive that the program has set is made stricter where ours is, and nowhere weaker', async () => {
  const [sooner, later] = [await connected(), await connected()];
  sooner.setKeepAlive(true, 3000);
  later.setKeepAlive(true, 60_000);
  reinforce(sooner, OURS);
  reinforce(later, OURS);
  expect(kernelOptions(sooner)).toEqual({ ...IN_KERNEL, TCP_KEEPIDLE: 3, TCP_KEEPINTVL: 1 });
  expect(kernelOptions(later)).toEqual({ ...IN_KERNEL, TCP_KEEPIDLE: 6, TCP_KEEPINTVL: 1 });
});

onLinux.each([
  ['setKeepAlive(true, 2000): sooner, so it counts', true, 2000, { TCP_KEEPIDLE: 2 }],
  ['setKeepAlive(true, 60000): later', true, 60_000, {}],
  ['setKeepAlive(true): no time of its own', true, undefined, {}],
  ['setKeepAlive(false)', false, undefined, {}],
] as const)('what the program sets afterwards weakens nothing: %s', async (_, enable, delay, difference) => {
  const socket = await connected();
  reinforce(socket, OURS);
  socket.setKeepAlive(enable, delay);
  expect(kernelOptions(socket)).toEqual({ ...IN_KERNEL, ...difference });
});

onLinux(
  'an interval and a count that the program sets afterwards count if they are smaller: Node.js 24.21',
  async () => {
    const socket = await connected();
    reinforce(socket, OURS);
    // As `socket.setKeepAlive(true, 60_000, 1000, 2)` there, in seconds.
    handleOf(socket).setKeepAlive(true, 60, 1, 2);
    expect(kernelOptions(socket)).toEqual({ ...IN_KERNEL, TCP_KEEPINTVL: 1, TCP_KEEPCNT: 2 });
    handleOf(socket).setKeepAlive(true, 60, 30, 100);
    expect(kernelOptions(socket)).toEqual({ ...IN_KERNEL, TCP_KEEPINTVL: 1, TCP_KEEPCNT: 2 });
  },
);

onLinux('with keepalive off the program decides on it, and the user timeout is set', async () => {
  const socket = await connected();
  reinforce(socket, { ...OURS, keepAlive: false });
  expect(kernelOptions(socket)).toMatchObject({ SO_KEEPALIVE: 0, TCP_USER_TIMEOUT: 12_345 });
  socket.setKeepAlive(true, 60_000);
  expect(kernelOptions(socket)).toMatchObject({ SO_KEEPALIVE: 1, TCP_KEEPIDLE: 60, TCP_USER_TIMEOUT: 12_345 });
  const before = await connected();
  before.setKeepAlive(true, 60_000);
  reinforce(before, { ...OURS, keepAlive: false });
  expect(kernelOptions(before)).toMatchObject({ SO_KEEPALIVE: 1, TCP_KEEPIDLE: 60, TCP_USER_TIMEOUT: 12_345 });
});

onLinux('a socket that the program has hardened keeps its options, weaker ones too', async () => {
  const socket = await connected();
  harden(socket, { ...OURS, keepAliveIdleMillis: 20_000, userTimeoutMillis: 60_000 });
  expect(reinforce(socket, OURS)).toBeUndefined();
  expect(kernelOptions(socket)).toEqual({ ...IN_KERNEL, TCP_KEEPIDLE: 20, TCP_USER_TIMEOUT: 60_000 });
});

onLinux('the program can harden it anew', async () => {
  const socket = await connected();
  reinforce(socket, OURS);
  harden(socket, { ...OURS, userTimeoutMillis: 60_000 });
  expect(kernelOptions(socket)).toEqual({ ...IN_KERNEL, TCP_USER_TIMEOUT: 60_000 });
});

test('a bad value is an error before the socket is touched', async () => {
  const socket = await connected();
  expect(() => reinforce(socket, { userTimeoutMillis: -1 })).toThrow(ConfigError);
  expect(socket.listenerCount('connect')).toBe(0);
});
