// Sends back what it is sent, on the loopback interface. The line it prints is its port.
import { createServer } from 'node:net';
import { endWithParent } from '../child-process.mjs';

endWithParent();
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
}).listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
