// Connects to each host:port of its arguments, keeps the connections, and listens itself.
import { once } from 'node:events';
import net from 'node:net';
import { harden, resolveTcpOptions } from '@lifeguard/tcp';

const server = net.createServer((socket) => socket.on('error', () => {}));
await once(server.listen(0, '::'), 'listening');

const options = resolveTcpOptions({
  keepAliveIdleMillis: 1000,
  keepAliveIntervalMillis: 1000,
  userTimeoutMillis: 60_000,
});
for (const target of process.argv.slice(2)) {
  const end = target.lastIndexOf(':');
  const socket = net.connect(Number(target.slice(end + 1)), target.slice(0, end));
  socket.on('error', () => {});
  harden(socket, options);
  await once(socket, 'connect');
}
process.send({ port: server.address().port });
