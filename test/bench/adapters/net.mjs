// The stock here is generic-pool, with a factory as people write it for sockets: asked before each loan, it looks whether the
// socket is open.
import { once } from 'node:events';
import { connect } from 'node:net';
import { createPool } from '@lifeguard/net';
import genericPool from 'generic-pool';
import { startServer } from '../child-process.mjs';
import { CONNECTIONS, openAll } from './connections.mjs';

const WORD = Buffer.from('one word\n');

export async function prepare() {
  const { line, stop } = await startServer('adapters/net-server.mjs');
  const address = { host: '127.0.0.1', port: Number(line), noDelay: true };
  const ours = createPool({ ...address, max: CONNECTIONS });
  const theirs = genericPool.createPool(factoryOf(address), { max: CONNECTIONS, testOnBorrow: true });
  for (const pool of [ours, theirs]) {
    await openAll(
      () => pool.acquire(),
      (socket) => pool.release(socket),
    );
  }
  return {
    own: { name: '@lifeguard/net', operate: () => ours.use(echo) },
    stock: { name: 'sockets in generic-pool', operate: () => theirs.use(echo) },
    async close() {
      await theirs.drain();
      await Promise.all([theirs.clear(), ours.close()]);
      await stop();
    },
  };
}

function factoryOf(address) {
  return {
    async create() {
      const socket = connect(address);
      await once(socket, 'connect');
      return socket.on('error', () => {});
    },
    validate: async (socket) => socket.readable && socket.writable,
    destroy: async (socket) => socket.destroy(),
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
