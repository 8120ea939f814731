// What the pools hold.
import { once } from 'node:events';
import { connect } from 'node:net';
import { startServer } from './child-process.mjs';

/** @typedef {import('./contenders.mjs').ConnectionFactory} ConnectionFactory */

/** Costs as little as can be: for pools that don't look at their connections. @type {ConnectionFactory} */
export const objects = {
  create: async () => ({}),
  destroy: async () => {},
};

/**
 * Real connections: Lifeguard looks at their sockets.
 *
 * @returns {Promise<{ factory: ConnectionFactory, stop: () => Promise<void> }>}
 */
export async function loopbackSockets() {
  const { line, stop } = await startServer('idle-server.mjs');
  const port = Number(line);
  const create = async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  /** @param {import('node:net').Socket} socket */
  const destroy = async (socket) => {
    socket.destroy();
  };
  return { factory: { create, destroy }, stop };
}
