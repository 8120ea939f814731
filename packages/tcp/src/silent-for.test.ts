import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { silentFor } from './silent-for.js';
import { needsLinux } from './testing/needs.js';

test.runIf(needsLinux())('it grows from the peer’s last sign on, which data are', async () => {
  const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  await sleep(200);
  expect(silentFor(socket)).toBeGreaterThan(150);
  const answered = once(socket, 'data');
  socket.write('are you there?');
  await answered;
  expect(silentFor(socket)).toBeLessThan(150);
  socket.destroy();
  server.close();
});

test('nothing can be known of a socket that is not connected', () => {
  expect(silentFor(new net.Socket())).toBe(Number.POSITIVE_INFINITY);
});
