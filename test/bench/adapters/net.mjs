import { once } from 'node:events';
import { connect } from 'node:net';
import { createPool } from '@lifeguard/net';
import { startServer } from '../child-process.mjs';
import { CONNECTIONS, openAll } from './connections.mjs';

const WORD = Buffer.from('one word\n');

export async function prepare() {
  const { line, stop } = await startServer('adapters/net-server.mjs');
  const address = { host: '127.0.0.1', port: Number(line) };
  const ours = createPool({ ...address, max: CONNECTIONS });
  await openAll(
    () => ours.acquire(),
    (socket) => ours.release(socket),
  );
  const sockets = Array.from({ length: CONNECTIONS }, () => connect({ ...address, noDelay: true }));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return {
    own: { name: '@lifeguard/net', operate: () => ours.use(echo) },
    stock: { name: 'sockets, in turn', operate: inTurn(sockets) },
    async close() {
      for (const socket of sockets) socket.destroy();
      await ours.close();
      await stop();
    },
  };
}

function echo(socket) {
  return new Promise((resolve, reject) => {
    const settle = (answer) => {
      socket.off('data', settle);
      socket.off('error', reject);
      resolve(answer);
    };
    socket.on('data', settle);
    socket.on('error', reject);
    socket.write(WORD);
  });
}

/** A pool in ten lines: who finds no socket idle waits for the next that is. */
function inTurn(sockets) {
  const idle = [...sockets];
  const waiting = [];
  return async () => {
    const socket = idle.pop() ?? (await new Promise((resolve) => waiting.push(resolve)));
    await echo(socket);
    const next = waiting.shift();
    if (next) next(socket);
    else idle.push(socket);
  };
}
