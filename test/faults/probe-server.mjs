// A server on the host `db`: it keeps what connects to it, reads everything and says nothing.
import { once } from 'node:events';
import net from 'node:net';

const server = net.createServer((socket) => socket.on('error', () => {}).resume());
await once(server.listen(Number(process.argv[2]), '0.0.0.0'), 'listening');
process.send('listening');
