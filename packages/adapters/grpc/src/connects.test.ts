import net, { type AddressInfo, type Socket } from 'node:net';
import { Channel, credentials } from '@grpc/grpc-js';
import { expect, onTestFinished, test, vi } from 'vitest';
import { observed } from './connects.js';
import { channelOptions } from './options.js';

/** Reads everything, says nothing. */
async function startServer(): Promise<number> {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function openChannel(port: number, begins?: () => void) {
  const [opened, connected]: [Socket[], Socket[]] = [[], []];
  const observer = {
    ...(begins && { begins }),
    opens: (socket: Socket) => {
      opened.push(socket);
      expect(socket.remoteAddress).toBe(undefined);
    },
    connects: (socket: Socket) => {
      connected.push(socket);
      expect(socket.bytesWritten).toBe(0);
    },
  };
  const channel = new Channel(
    `127.0.0.1:${port}`,
    observed(credentials.createInsecure(), observer),
    channelOptions({}),
  );
  onTestFinished(() => {
    channel.close();
    for (const socket of opened) socket.destroy();
  });
  return { channel, opened, connected };
}

/** Opens a socket after each of so many promise jobs. */
async function openOthers(port: number, jobs: number): Promise<void> {
  for (let i = 0; i < jobs; i += 1) {
    await null;
    const socket = net.connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
  }
}

test('a channel is told of its socket when it is opened and when it is connected, and of nobody else’s', async () => {
  const port = await startServer();
  const channels = Array.from({ length: 5 }, () => openChannel(port));
  for (const { channel } of channels) channel.getConnectivityState(true);
  // grpc-js connects in a turn of its own. One of these is sure to run beside it.
  for (let turn = 0; turn < 4; turn += 1) {
    void openOthers(port, 8);
    await new Promise(setImmediate);
  }
  await vi.waitFor(() => expect(channels.every(({ connected }) => connected.length === 1)).toBe(true));
  for (const { opened, connected } of channels) expect(opened).toEqual(connected);
  expect(new Set(channels.flatMap(({ opened }) => opened)).size).toBe(5);
});

test('a connect that is not allowed to begin opens no socket, and fails with the reason', async () => {
  const { channel, opened } = openChannel(await startServer(), () => {
    throw new Error('not now');
  });
  let state = channel.getConnectivityState(true);
  while (state < 3) {
    await new Promise<void>((resolve) => channel.watchConnectivityState(state, Date.now() + 5000, () => resolve()));
    state = channel.getConnectivityState(false);
  }
  expect(opened).toEqual([]);
});

test('credentials stay what they are: their kind, and what calls add to them', () => {
  const plain = credentials.createInsecure();
  const same = observed(plain, { connects() {} });
  expect(same).toBeInstanceOf(Object.getPrototypeOf(plain).constructor);
  expect(same._isSecure()).toBe(false);
  expect(observed(credentials.createSsl(), { connects() {} })._isSecure()).toBe(true);
});
