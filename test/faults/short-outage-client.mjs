// A program on the host `app` with two connections to an echo server: one hardened, one as Node.js makes it. When it is told of
// the cut it sends something on both; when it is told of the healing it tells how long each had to wait for its echo from then on.
import { once } from 'node:events';
import net from 'node:net';
import { harden } from '@lifeguard/tcp';

const { host, port } = JSON.parse(process.argv[2]);

async function connect(prepare) {
  const socket = net.connect({ host, port, noDelay: true });
  prepare(socket);
  await once(socket, 'connect');
  // The kernel knows a round trip's time from now on.
  socket.write('.');
  await once(socket, 'data');
  return socket;
}

const sockets = { hardened: await connect(harden), stock: await connect(() => {}) };
process.send('ready');

await once(process, 'message');
const answers = Object.entries(sockets).map(async ([name, socket]) => {
  socket.write('.');
  await once(socket, 'data');
  return [name, performance.now()];
});
process.send('sent');

await once(process, 'message');
const healedAt = performance.now();
const waits = (await Promise.all(answers)).map(([name, at]) => [name, at - healedAt]);
process.send(Object.fromEntries(waits));
for (const socket of Object.values(sockets)) socket.destroy();
process.disconnect();
