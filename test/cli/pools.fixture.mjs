// Two pools named `orders` and `sessions`, one in a worker thread named `reports`, and a connection of no pool; all to the
// port of its argument.
import { once } from 'node:events';
import net from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createPool } from '@lifeguard/pool';

const port = isMainThread ? Number(process.argv[2]) : workerData;

async function connect() {
  const socket = net.connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function openPool(name, min) {
  const pool = createPool({ create: connect, destroy: (socket) => socket.destroy() }, { name, min });
  await pool.ready();
  return pool;
}

if (isMainThread) {
  await Promise.all([openPool('orders', 2), openPool('sessions', 1), connect()]);
  await once(new Worker(new URL(import.meta.url), { workerData: port }), 'message');
  process.send({});
} else {
  await openPool('reports', 1);
  // A pool that lies idle keeps no thread alive.
  parentPort.ref();
  parentPort.postMessage('ready');
}
