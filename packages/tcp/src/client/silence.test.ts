import { once } from 'node:events';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connect, startServer } from '../testing/servers.js';
import { giveUpOnSilence } from './silence.js';

test('a socket that is opened again, and is answered again, stays open', async () => {
  const server = await startServer();
  const { remotePort = 0 } = await connect(server);
  const socket = new Socket();
  giveUpOnSilence(socket);
  for (let time = 0; time < 2; time += 1) {
    await once(socket.connect(remotePort, '127.0.0.1'), 'connect');
    if (time === 0) await once(socket.destroy(), 'close');
  }
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});
