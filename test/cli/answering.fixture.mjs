// Answers questions, and nothing else.
import { once } from 'node:events';
import net from 'node:net';

const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (data.includes('question')) socket.write('answer');
  });
});
await once(server.listen(0, '::'), 'listening');
process.send({ port: server.address().port });
