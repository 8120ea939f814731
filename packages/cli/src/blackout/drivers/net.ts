import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'generic-pool';
import { type Address, type Client, type Driver, POOL_MAX, SERVER_WORDS } from './driver.js';

/** generic-pool calls a failed `create` again at once, and keeps a processor busy with it. */
const PAUSE_AFTER_FAILURE_MILLIS = 100;

export const net: Driver = {
  server: 'tcp',
  packages: ['generic-pool', '@lifeguard/net'],
  words: SERVER_WORDS,
  terms:
    `Stock is generic-pool with room for ${POOL_MAX} sockets of node:net, which looks before each loan whether they are open; ours\n` +
    'has the same room.',
  stock: {
    name: 'generic-pool',
    open: async (address) => clientOf(await createStock(address)),
  },
  ours: {
    name: '@lifeguard/net',
    open: async ({ host, port }) =>
      clientOf((await import('@lifeguard/net')).createPool({ host, port, max: POOL_MAX })),
  },
};

async function createStock({ host, port }: Address): Promise<Pool<Socket>> {
  const { createPool } = (await import('generic-pool')).default;
  const create = async () => {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect');
    } catch (error) {
      await delay(PAUSE_AFTER_FAILURE_MILLIS);
      throw error;
    }
    return socket.on('error', () => {});
  };
  const validate = async (socket: Socket) => socket.readable && socket.writable;
  const destroy = async (socket: Socket) => void socket.destroy();
  return createPool({ create, validate, destroy }, { max: POOL_MAX, testOnBorrow: true });
}

/** What is used of both pools. */
interface Sockets {
  use(borrow: (socket: Socket) => Promise<void>): PromiseLike<void>;
}

/** A line says for how many milliseconds the server is to wait, and its answer is a line. */
function clientOf(pool: Sockets): Client {
  const call = async (millis: number) => pool.use((socket) => exchange(socket, `${millis}\n`));
  return { ask: () => call(0), wait: (seconds) => call(seconds * 1000) };
}

function exchange(socket: Socket, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      socket.off('data', answered).off('error', failed).off('close', closed);
      act();
    };
    const answered = () => settle(resolve);
    const failed = (error: Error) => settle(() => reject(error));
    const closed = () =>
      failed(Object.assign(new Error('the server has closed the connection'), { code: 'ECONNRESET' }));
    socket.on('data', answered).on('error', failed).on('close', closed);
    socket.write(line);
  });
}
