// Answers what it hears, on the loopback interface. The line it prints is its port.
import { createServer } from 'node:net';
import { endWithParent } from './child-process.mjs';

endWithParent();
const server = createServer({ noDelay: true }, (socket) => socket.on('error', () => {}).pipe(socket));
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.stdout.write(`${port}\n`);
});
