// A service for one row of the matrix of @lifeguard/pg, see `row.mjs`: it holds connections in every state, plain and over TLS.
import { Pool } from '@lifeguard/pg';
import pg from 'pg';
import { enact } from './row.mjs';
import { config, describe, logger, outcome } from './service.mjs';

const { server, tcp, impatienceMillis } = config;
const transports = { plain: false, tls: { rejectUnauthorized: false } };
const states = {
  idle: { prepare: returnAll, suffer: untilEvicted },
  waiting: { prepare: waitForAnswer, suffer: untilAnswered },
  sending: { suffer: sendThenWait },
  connecting: { prepare: dropAll, suffer: connectInVain },
};

const cells = Object.entries(transports).flatMap(([transport, ssl]) =>
  Object.entries(states).map(([state, actions]) => makeCell(transport, ssl, state, actions)),
);
const stock = new pg.Client(server);
stock.on('error', () => {});
await stock.connect();
const stockQuery = outcome(stock.query('SELECT pg_sleep(300)'));

await enact({
  cells,
  stock: {
    isStuck: async () => (await Promise.race([stockQuery, Promise.resolve('stuck')])) === 'stuck',
    close() {
      stock.connection.stream.resetAndDestroy();
      return stockQuery;
    },
  },
  ports: [server.port],
});

function makeCell(transport, ssl, state, actions) {
  const options = { ...server, ssl, tcp, logger, max: 2 };
  const pool = new Pool(options);
  const impatient = new Pool({ ...options, connectionTimeoutMillis: impatienceMillis });
  const known = new Set();
  return {
    transport,
    state,
    ...actions,
    pool,
    impatient,
    async open(cell) {
      cell.clients = await Promise.all([pool.connect(), pool.connect()]);
      for (const client of cell.clients) known.add(client);
    },
    held: () => pool.totalCount,
    askPatiently: () => outcome(pool.query('SELECT 1')),
    async lentAgain() {
      const clients = await Promise.all([pool.connect(), pool.connect()]);
      for (const client of clients) client.release();
      return clients.some((client) => known.has(client));
    },
    close: () => Promise.all([pool.end(), impatient.end()]),
  };
}

function returnAll(cell) {
  cell.evicted = evictions(cell.pool);
  for (const client of cell.clients) client.release();
}

function dropAll({ clients }) {
  for (const client of clients) client.release(true);
}

function waitForAnswer(cell) {
  cell.answers = cell.clients.map((client) => outcome(client.query('SELECT pg_sleep(300)')));
}

/** Resolves once both idle clients have left the pool, with the errors that they left with. */
function evictions(pool) {
  const told = [];
  return new Promise((resolve) => {
    pool.on('error', (error) => {
      told.push(describe(error));
      if (told.length === 2) resolve(told);
    });
  });
}

function untilEvicted({ evicted }) {
  return evicted;
}

async function untilAnswered({ clients, answers }) {
  const told = await Promise.all(answers);
  // As if nothing had happened.
  for (const client of clients) client.release();
  return told;
}

function sendThenWait(cell) {
  cell.answers = cell.clients.map((client) => outcome(client.query('SELECT length($1)', ['x'.repeat(20_000)])));
  return untilAnswered(cell);
}

function connectInVain({ impatient }) {
  return Promise.all([outcome(impatient.query('SELECT 1')), outcome(impatient.query('SELECT 1'))]);
}
