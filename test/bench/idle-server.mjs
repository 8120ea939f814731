// Accepts TCP connections on the loopback interface and says nothing. The line it prints is its port.
import { createServer } from 'node:net';
import { endWithParent } from './child-process.mjs';

endWithParent();
// A pool of thousands opens many at once: room for those that wait to be accepted.
const BACKLOG = 4096;
const server = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1', BACKLOG, () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.stdout.write(`${port}\n`);
});
