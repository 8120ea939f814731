// A service for one row of the matrix of @lifeguard/redis, see `row.mjs`: clients of their own and pooled ones, in every state,
// plain and over TLS.
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '@lifeguard/pool';
import { createClient, redisFactory } from '@lifeguard/redis';
import { createClient as createStock } from 'redis';
import { pooledCells } from './pooled.mjs';
import { enact } from './row.mjs';
import { config, describe, heard, outcome } from './service.mjs';

const { host, port, tlsPort, password, tcp } = config;
const transports = {
  plain: { socket: { host, port }, password },
  tls: { socket: { host, port: tlsPort, tls: true, rejectUnauthorized: false }, password },
};
const LONG = 'x'.repeat(20_000);

/** node-redis sends nothing twice: what was sent fails with its connection, what was not waits for the next. */
const clientStates = {
  idle: { suffer: (cell) => untilClosed(cell) },
  'in flight': { prepare: (cell) => block(cell), suffer: ({ call }) => call },
  sending: { suffer: (cell) => send(cell) },
  'queued, kept': { suffer: (cell) => queueOnceClosed(cell) },
  subscribed: { prepare: ({ client }) => client.subscribe('channel', () => {}), suffer: (cell) => untilClosed(cell) },
};

const pooled = {
  prefix: 'pooled, ',
  ask: (client) => client.ping(),
  block: (client) => client.blPop('nothing', 0),
  blocked: 'blocked',
  send: (client) => client.set('key', LONG),
};

const cells = Object.entries(transports).flatMap(([transport, server]) => [
  ...Object.entries(clientStates).map(([state, actions]) => clientCell(transport, server, state, actions)),
  ...pooledCells(transport, { ...pooled, makePool: (options) => createPool(redisFactory(server), options) }),
]);
const stock = createStock(transports.plain);
let stockIsStuck = true;
stock.on('error', () => {
  stockIsStuck = false;
});
await stock.connect();
stock.blPop('nothing', 0).catch(() => {});

await enact({
  cells,
  stock: { isStuck: () => stockIsStuck, close: () => stock.destroy() },
  ports: [port, tlsPort],
});

function clientCell(transport, server, state, { prepare, suffer }) {
  const client = createClient({ ...server, tcp });
  const cell = { transport, state, client, prepare, suffer, told: [] };
  client.on('error', (error) => cell.told.push(describe(error)));
  return Object.assign(cell, {
    open: () => client.connect(),
    async askPatiently() {
      if (cell.queued) return cell.queued;
      if (!client.isReady) await heard(client, 'ready');
      if (state === 'subscribed') await client.unsubscribe('channel');
      return outcome(client.ping());
    },
    close: () => client.destroy(),
  });
}

/** Until the client has noticed: what its `'error'` said. */
async function untilClosed({ client, told }) {
  if (told.length === 0) await heard(client, 'error');
  return told[0];
}

/** A call that comes after its connection has ended is kept for the next. */
async function send(cell) {
  const call = outcome(cell.client.set('key', LONG));
  const closed = untilClosed(cell).then(() => delay(20, 'kept'));
  const told = await Promise.race([call, closed]);
  if (told !== 'kept') return told;
  cell.queued = call;
  return { message: 'kept for the next connection' };
}

function block(cell) {
  cell.call = outcome(cell.client.blPop('nothing', 0));
}

async function queueOnceClosed(cell) {
  const told = await untilClosed(cell);
  cell.queued = outcome(cell.client.ping());
  return told;
}
