// A program on the host `app` that holds connections and asks after their peer, at a test's command. It is a process of
// its own, so that it has a network of its own. For each message { id, operation, args } it answers { id, result }.
import { once } from 'node:events';
import net from 'node:net';
import { harden, inspect, probe, verdict } from '@lifeguard/tcp';

const sockets = [];

const operations = {
  /** Opens a connection, hardened with `tcp` if that is given; the number of it. */
  async connect(host, port, tcp) {
    const socket = net.connect({ host, port });
    const log = { error: undefined };
    socket.on('error', (error) => {
      log.error = error.code;
    });
    if (tcp) harden(socket, tcp);
    await once(socket.resume(), 'connect');
    return sockets.push({ socket, log }) - 1;
  },

  send(index, bytes) {
    sockets[index].socket.write(Buffer.alloc(bytes));
  },

  async probe(index, timeoutMillis) {
    const { socket } = sockets[index];
    const before = inspect(socket)?.options;
    const start = performance.now();
    const answer = await probe(socket, timeoutMillis === null ? {} : { timeoutMillis });
    const tookMillis = performance.now() - start;
    return { answer, tookMillis, before, after: inspect(socket)?.options };
  },

  look(index) {
    const { socket, log } = sockets[index];
    return { verdict: verdict(socket), info: inspect(socket)?.info, error: log.error, destroyed: socket.destroyed };
  },

  /** Asks without a pause until the connection has ended; how long that took. */
  async probeUntilDead(index, timeoutMillis) {
    const start = performance.now();
    const answers = new Set();
    while (!answers.has('dead')) answers.add(await probe(sockets[index].socket, { timeoutMillis }));
    return { answers: [...answers], tookMillis: performance.now() - start };
  },
};

process.on('message', async ({ id, operation, args }) => {
  try {
    process.send({ id, result: await operations[operation](...args) });
  } catch (error) {
    process.send({ id, error: error.stack });
  }
});
