import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ReconnectPace } from './pace.js';

const noJitter = () => 0;

/** A socket's life as `Pace` sees it. */
async function live(pace: ReconnectPace, port: number): Promise<void> {
  const socket = new Socket();
  pace.follow(socket);
  socket.on('error', () => {});
  socket.connect(port, '127.0.0.1');
  await once(socket, 'close').catch(() => once(socket, 'close'));
}

async function listen(): Promise<{ port: number; close(): Promise<unknown> }> {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

test('where nobody listens, the pause grows to 0.8 s and no further', async () => {
  const { port, close } = await listen();
  await close();
  const pace = new ReconnectPace(noJitter);
  await live(pace, port);
  expect([1, 2, 10, 16, 1000].map((times) => pace.pause(times))).toEqual([50, 100, 500, 800, 800]);
});

test('a server that answers, and never lets the client get ready, is spared: up to 2 s', async () => {
  const { port, close } = await listen();
  const pace = new ReconnectPace(noJitter);
  const socket = new Socket();
  pace.follow(socket);
  socket.connect(port, '127.0.0.1').resume();
  await once(socket, 'close');
  expect([1, 2, 40, 1000].map((times) => pace.pause(times))).toEqual([50, 100, 2000, 2000]);
  await close();
});

test('a connect that nobody answers is given up after 0.75 s, and followed by the next at once', async () => {
  const pace = new ReconnectPace(noJitter);
  const socket = new Socket();
  pace.follow(socket);
  const failure = once(socket, 'error');
  const start = performance.now();
  socket.emit('connectionAttempt', '192.0.2.1', 6379, 4);
  const [error] = await failure;
  expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect', address: '192.0.2.1', port: 6379 });
  expect(performance.now() - start).toBeGreaterThan(740);
  expect(pace.pause(1000)).toBe(50);
});

test('each address of a name has its own time', async () => {
  const pace = new ReconnectPace(noJitter);
  const socket = new Socket();
  pace.follow(socket);
  const failure = once(socket, 'error');
  socket.emit('connectionAttempt', '192.0.2.1', 6379, 4);
  await new Promise((resolve) => setTimeout(resolve, 400));
  socket.emit('connectionAttempt', '192.0.2.2', 6379, 4);
  const [error] = await failure;
  expect(error).toMatchObject({ address: '192.0.2.2' });
});

test('pauses are shortened at random by up to a fifth', () => {
  expect(new ReconnectPace(() => 0.999).pause(10)).toBe(400);
});
