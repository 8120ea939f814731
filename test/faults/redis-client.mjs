// A service on the host `app`, for one row of the matrix of @lifeguard/redis: clients of their own and pooled ones, in every
// state, plain and over TLS. It tells what became of each, and shows by ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.

import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '@lifeguard/pool';
import { createClient, redisFactory } from '@lifeguard/redis';
import { createClient as createStock } from 'redis';
import {
  allAcknowledged,
  config,
  describe,
  hardenedOptions,
  hear,
  heard,
  logger,
  outcome,
  socketsLeft,
  tell,
  timed,
} from './service.mjs';

const { host, port, tlsPort, password, tcp, impatienceMillis } = config;
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

const pooledStates = {
  'pooled, idle': { prepare: returnAll, suffer: ({ evicted }) => evicted },
  'pooled, blocked': { prepare: blockAll, suffer: untilAnswered },
  'pooled, sending': { suffer: sendAll },
  'pooled, connecting': { prepare: dropAll, suffer: connectInVain },
};

const cells = Object.entries(transports).flatMap(([transport, server]) => [
  ...Object.entries(clientStates).map(([state, actions]) => clientCell(transport, server, state, actions)),
  ...Object.entries(pooledStates).map(([state, actions]) => pooledCell(transport, server, state, actions)),
]);
const stock = createStock(transports.plain);
let stockIsStuck = true;
stock.on('error', () => {
  stockIsStuck = false;
});

await Promise.all(cells.map((cell) => cell.open()));
await stock.connect();
stock.blPop('nothing', 0).catch(() => {});
await Promise.all(cells.map((cell) => cell.prepare?.(cell)));
await allAcknowledged();
await tell({ options: hardenedOptions() });

await hear('fault');
const outcomes = await Promise.all(cells.map(suffer));
const patient = cells.map((cell) => cell.askPatiently());
await tell({ outcomes, stockIsStuck });

await hear('heal');
const healedAt = performance.now();
const recoveries = await Promise.all(cells.map(recover));
stock.destroy();
await Promise.all(cells.map((cell) => cell.close()));
await tell({ recoveries, socketsLeft: await socketsLeft([port, tlsPort]) });
process.disconnect();

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
    lentAgain: async () => false,
    close: () => client.destroy(),
  });
}

function pooledCell(transport, server, state, { prepare, suffer }) {
  const pool = createPool(redisFactory(server), { tcp, logger, max: 2 });
  const impatient = createPool(redisFactory(server), { tcp, logger, max: 2, acquireTimeoutMillis: impatienceMillis });
  const known = new Set();
  const cell = { transport, state, pool, impatient, prepare, suffer, known };
  return Object.assign(cell, {
    async open() {
      cell.clients = await Promise.all([pool.acquire(), pool.acquire()]);
      for (const client of cell.clients) known.add(client);
    },
    askPatiently: () => outcome(pool.use((client) => client.ping(), { timeoutMillis: 60_000 })),
    async lentAgain() {
      const clients = await Promise.all([pool.acquire(), pool.acquire()]);
      for (const client of clients) await pool.release(client);
      return clients.some((client) => known.has(client));
    },
    close: () => Promise.all([pool.close(), impatient.close()]),
  });
}

async function suffer(cell) {
  const { told, tookMillis } = await timed(() => cell.suffer(cell));
  const { transport, state, pool } = cell;
  return {
    transport,
    state,
    told: [told].flat(),
    tookMillis: cell.tookMillis ?? tookMillis,
    held: pool?.size ?? 0,
    network: cell.told,
  };
}

async function recover(cell, index) {
  const answer = await patient[index];
  const tookMillis = performance.now() - healedAt;
  const { transport, state } = cell;
  return { transport, state, answer, tookMillis, lentAgain: await cell.lentAgain() };
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

async function returnAll(cell) {
  const told = [];
  cell.evicted = new Promise((resolve) => {
    cell.pool.on('evict', (client, reason, error) => {
      // A connection too many, which a busy machine has had opened, may go at any time.
      if (!cell.clients.includes(client)) return;
      told.push(error ? describe(error) : { message: reason });
      if (told.length === 2) resolve(told);
    });
  });
  for (const client of cell.clients) await cell.pool.release(client);
}

async function dropAll({ pool, clients }) {
  for (const client of clients) await pool.destroy(client);
}

function blockAll(cell) {
  cell.answers = cell.clients.map((client) => outcome(client.blPop('nothing', 0)));
}

function sendAll(cell) {
  cell.answers = cell.clients.map((client) => outcome(client.set('key', LONG)));
  return untilAnswered(cell);
}

async function untilAnswered({ pool, clients, answers }) {
  const told = await Promise.all(answers);
  // As if nothing had happened.
  for (const client of clients) await pool.release(client);
  return told;
}

function connectInVain({ impatient }) {
  return Promise.all([outcome(impatient.use((c) => c.ping())), outcome(impatient.use((c) => c.ping()))]);
}
