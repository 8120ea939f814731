// A service for one row of the matrix of @lifeguard/net, see `row.mjs`: it holds sockets in every state, plain and over TLS.
import { once } from 'node:events';
import net from 'node:net';
import { createPool } from '@lifeguard/net';
import { pooledCells } from './pooled.mjs';
import { enact } from './row.mjs';
import { config } from './service.mjs';

const { host, port, tlsPort } = config;
const transports = {
  plain: { host, port },
  tls: { host, port: tlsPort, tls: { rejectUnauthorized: false } },
};
const LONG = 'x'.repeat(20_000);

const cells = Object.entries(transports).flatMap(([transport, server]) =>
  pooledCells(transport, {
    makePool: (options) => createPool({ ...server, ...options }),
    ask: (socket) => ask(socket, 'hello'),
    block: (socket) => ask(socket, 'wait'),
    blocked: 'waiting',
    send: (socket) => ask(socket, LONG),
  }),
);
const stock = net.connect(port, host);
stock.on('error', () => {});
await once(stock, 'connect');
stock.write('wait\n');

await enact({
  cells,
  stock: { isStuck: () => !stock.destroyed, close: () => void stock.destroy() },
  ports: [port, tlsPort],
});

/** Says a line, and waits for the answer: until the socket fails or closes, if need be. */
function ask(socket, line) {
  return new Promise((resolve, reject) => {
    const listeners = {
      readable: () => socket.read() !== null && settle(resolve),
      error: (error) => settle(reject, error),
      close: () => settle(reject, new Error('closed')),
    };
    const settle = (end, value) => {
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
      end(value);
    };
    if (socket.destroyed) {
      reject(socket.errored ?? new Error('closed'));
      return;
    }
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    socket.write(`${line}\n`);
  });
}
