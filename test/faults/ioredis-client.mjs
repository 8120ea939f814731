// A service on the host `app`, for one row of the matrix of @lifeguard/ioredis: clients of their own and pooled ones, in every
// state, plain and over TLS. It tells what became of each, and shows by ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { createClient, redisFactory } from '@lifeguard/ioredis';
import { createPool } from '@lifeguard/pool';
import { Redis } from 'ioredis';
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
  plain: { host, port, password },
  tls: { host, port: tlsPort, password, tls: { rejectUnauthorized: false } },
};
const LONG = 'x'.repeat(20_000);

/** Of a client that retries nothing, but where the state says so. */
const clientStates = {
  idle: { suffer: (cell) => untilClosed(cell) },
  'in flight': { prepare: (cell) => block(cell), suffer: ({ call }) => call },
  'in flight, retried': {
    options: { maxRetriesPerRequest: null },
    prepare: (cell) => block(cell),
    suffer: (cell) => untilClosed(cell),
  },
  sending: { suffer: ({ client }) => outcome(client.set('key', LONG)) },
  queued: { suffer: (cell) => queueOnceClosed(cell) },
  subscribed: { prepare: ({ client }) => client.subscribe('channel'), suffer: (cell) => untilClosed(cell) },
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
const stock = new Redis({ ...transports.plain, retryStrategy: null });
const stockEnd = heard(stock, 'end');
stock.on('error', () => {});

await Promise.all(cells.map((cell) => cell.open()));
await stock.ping();
stock.blpop('nothing', 0).catch(() => {});
await Promise.all(cells.map((cell) => cell.prepare?.(cell)));
await allAcknowledged();
await tell({ options: hardenedOptions() });

await hear('fault');
const outcomes = await Promise.all(cells.map(suffer));
const patient = cells.map((cell) => cell.askPatiently());
await tell({ outcomes, stockIsStuck: stock.status === 'ready' });

await hear('heal');
const healedAt = performance.now();
const recoveries = await Promise.all(cells.map(recover));
stock.stream.resetAndDestroy();
await stockEnd;
await Promise.all(cells.map((cell) => cell.close()));
await tell({ recoveries, socketsLeft: await socketsLeft([port, tlsPort]) });
process.disconnect();

function clientCell(transport, server, state, { options, prepare, suffer }) {
  const client = createClient({ ...server, tcp, maxRetriesPerRequest: 0, ...options });
  const cell = { transport, state, client, prepare, suffer, told: [] };
  client.on('error', (error) => cell.told.push(describe(error)));
  return Object.assign(cell, {
    open: () => client.ping(),
    known: new Set(),
    async askPatiently() {
      if (client.status !== 'ready') await heard(client, 'ready');
      if (state === 'in flight, retried') return unblock(cell);
      if (state === 'subscribed') await client.unsubscribe('channel');
      return outcome(client.ping());
    },
    lentAgain: async () => false,
    close() {
      const ended = heard(client, 'end');
      client.disconnect();
      return ended;
    },
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
  if (client.status === 'ready') await heard(client, 'close');
  return told[0] ?? { message: 'closed' };
}

/** Waits for what nobody pushes before the network is back. */
function block(cell) {
  cell.key = `list ${cell.transport} ${cell.state}`;
  cell.call = outcome(cell.client.blpop(cell.key, 0));
}

/**
 * The call is under way again, on another connection: a value arrives with the one who asked before the fault. The first
 * goes to the connection that only the server still believes in.
 */
async function unblock({ key, call, transport }) {
  const pusher = new Redis(transports[transport]);
  await pusher.rpush(key, 'for the dead', 'for the living');
  pusher.disconnect();
  return call;
}

async function queueOnceClosed(cell) {
  await untilClosed(cell);
  const { told, tookMillis } = await timed(() => outcome(cell.client.ping()));
  cell.tookMillis = tookMillis;
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
  cell.answers = cell.clients.map((client) => outcome(client.blpop('nothing', 0)));
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
