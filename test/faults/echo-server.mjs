// A server on the host `db`: it says what it hears.
import { once } from 'node:events';
import net from 'node:net';

const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
await once(server.listen(0, '0.0.0.0'), 'listening');
process.send(server.address().port);
