// A program that tests run on a host, and that does with sockets what they ask for, by messages.
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const sockets = [];
let datagrams = 0;

const operations = {
  /** An echo server, on IPv4 and IPv6. */
  async listen(port) {
    const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
    await once(server.listen(port, '::'), 'listening');
  },

  /** What comes of it within the time: 'connected', an error's code, or 'nothing'. */
  async connect(host, port, millis) {
    const socket = net.connect({ host, port, autoSelectFamily: false });
    const log = { received: '', ended: false, error: undefined };
    sockets.push({ socket, log });
    socket.on('data', (data) => {
      log.received += data;
    });
    socket.on('end', () => {
      log.ended = true;
    });
    socket.on('error', (error) => {
      log.error = error.code;
    });
    return Promise.race([
      once(socket, 'connect').then(
        () => 'connected',
        (error) => error.code,
      ),
      delay(millis, 'nothing'),
    ]);
  },

  /** Sends on the last connection that was made. */
  send(text) {
    sockets.at(-1).socket.write(text);
  },

  /** What the last connection that was made has seen so far. */
  seen() {
    return sockets.at(-1).log;
  },

  hangUp() {
    for (const { socket } of sockets.splice(0)) socket.destroy();
  },

  async bindDatagrams(port) {
    const socket = dgram.createSocket({ type: 'udp4' });
    socket.on('message', () => {
      datagrams += 1;
    });
    socket.bind(port);
    await once(socket, 'listening');
  },

  datagrams() {
    return datagrams;
  },

  async sendDatagrams(host, port, count) {
    const socket = dgram.createSocket('udp4');
    for (let sent = 0; sent < count; sent += 1) {
      await new Promise((resolve, reject) => {
        socket.send('x', port, host, (error) => (error ? reject(error) : resolve()));
      });
      // A pause now and then, so that the receiver's buffer never overflows: what is lost, the cable has lost.
      if (sent % 20 === 0) await delay(1);
    }
    socket.close();
  },
};

process.on('message', async ({ id, operation, args }) => {
  try {
    process.send({ id, result: await operations[operation](...args) });
  } catch (error) {
    process.send({ id, error: error.code ?? error.message });
  }
});
