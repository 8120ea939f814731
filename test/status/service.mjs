// A program on the host `app` with two pools that are in use, and the status page on a Unix socket: no network between that
// and the browser is cut with the others. Says 'ready' when it is.
import { createServer } from 'node:http';
import { netFactory } from '@lifeguard/net';
import { pgFactory } from '@lifeguard/pg';
import { createPool } from '@lifeguard/pool';
import { statusPage } from '@lifeguard/status';

const [path, orders, search] = process.argv
  .slice(2)
  .map((argument, index) => (index > 0 ? JSON.parse(argument) : argument));
const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const tcp = {
  keepAlive: true,
  keepAliveIdleMillis: 1000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 6,
  userTimeoutMillis: 6000,
};

const page = statusPage();
const ordersPool = createPool(pgFactory(orders), { name: 'orders', max: 10, min: 6, tcp, logger });
const searchPool = createPool(netFactory(search), { name: 'search', max: 6, min: 3, tcp, logger });
await Promise.all([ordersPool.ready(), searchPool.ready()]);

/** Callers who come again and again, each as soon as it was served or refused. */
function callers(count, call) {
  for (let caller = 0; caller < count; caller += 1) void goOn(call);
}

async function goOn(call) {
  for (;;) {
    await call().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50 + 400 * Math.random()));
  }
}

callers(4, () => ordersPool.use((client) => client.query('SELECT pg_sleep(random() / 2)')));
callers(3, () => searchPool.use(() => new Promise((resolve) => setTimeout(resolve, 300 * Math.random()))));

process.on('disconnect', () => process.exit());
createServer(page).listen(path, () => process.send('ready'));
