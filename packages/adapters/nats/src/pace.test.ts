import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Pace } from './pace.js';

test('where nobody answers, the next connect may begin half a second after the last, or sooner', () => {
  expect(new Pace(() => 0).pause()).toBe(500);
  expect(new Pace(() => 0.9999).pause()).toBe(250);
});

test('a server that answers, and does not let the client stay, is spared', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const pace = new Pace(() => 0);
  const socket = new Socket();
  pace.follow(socket);
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1').resume();
  await once(socket, 'close');
  expect(pace.pause()).toBe(2000);
  server.close();
});
