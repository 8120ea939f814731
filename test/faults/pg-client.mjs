// A service on the host `app`, for one row of the matrix: it holds connections in every state, plain and over TLS, and
// tells what became of each. It is a process of its own, so that it has a network of its own, and so that it shows by
// ending by itself that no socket and no timer is left.
//
// From its parent it hears 'fault' right after the fault, and 'heal' right after the healing.
import { Pool } from '@lifeguard/pg';
import pg from 'pg';
import {
  allAcknowledged,
  config,
  describe,
  hardenedOptions,
  hear,
  logger,
  outcome,
  socketsLeft,
  tell,
  timed,
} from './service.mjs';

const { server, tcp, impatienceMillis } = config;
const transports = { plain: false, tls: { rejectUnauthorized: false } };
const states = {
  idle: { prepare: returnAll, suffer: untilEvicted },
  waiting: { prepare: waitForAnswer, suffer: untilAnswered },
  sending: { prepare: () => {}, suffer: sendThenWait },
  connecting: { prepare: dropAll, suffer: connectInVain },
};

const cells = Object.entries(transports).flatMap(([transport, ssl]) =>
  Object.entries(states).map(([state, { prepare, suffer }]) => {
    const options = { ...server, ssl, tcp, logger, max: 2 };
    const pool = new Pool(options);
    const impatient = new Pool({ ...options, connectionTimeoutMillis: impatienceMillis });
    return { transport, state, prepare, suffer, pool, impatient, known: new Set() };
  }),
);
const stock = new pg.Client(server);
stock.on('error', () => {});

await stock.connect();
const stockQuery = outcome(stock.query('SELECT pg_sleep(300)'));
await Promise.all(cells.map(prepare));
await allAcknowledged();
await tell({ options: hardenedOptions() });

await hear('fault');
const outcomes = await Promise.all(cells.map(suffer));
const patient = cells.map(({ pool }) => outcome(pool.query('SELECT 1')));
const stockIsStuck = (await Promise.race([stockQuery, Promise.resolve('stuck')])) === 'stuck';
await tell({ outcomes, stockIsStuck });

await hear('heal');
const healedAt = performance.now();
const recoveries = await Promise.all(cells.map(recover));

stock.connection.stream.resetAndDestroy();
await stockQuery;
await Promise.all(cells.flatMap(({ pool, impatient }) => [pool.end(), impatient.end()]));
await tell({ recoveries, socketsLeft: await socketsLeft([server.port]) });
process.disconnect();

/** Opens both connections of a pool and brings them to the state in which the fault is to meet them. */
async function prepare(cell) {
  cell.clients = await Promise.all([cell.pool.connect(), cell.pool.connect()]);
  for (const client of cell.clients) cell.known.add(client);
  await cell.prepare(cell);
}

async function suffer(cell) {
  const { transport, state, pool } = cell;
  const { told, tookMillis } = await timed(() => cell.suffer(cell));
  return { transport, state, told, tookMillis, held: pool.totalCount };
}

async function recover({ transport, state, pool, known }, index) {
  const answer = await patient[index];
  const tookMillis = performance.now() - healedAt;
  const clients = await Promise.all([pool.connect(), pool.connect()]);
  const lentAgain = clients.some((client) => known.has(client));
  for (const client of clients) client.release();
  return { transport, state, answer, tookMillis, lentAgain };
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
