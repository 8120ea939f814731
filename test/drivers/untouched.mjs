// A program that knows nothing of Lifeguard, on pools and clients as they come. From its parent it hears 'cut' and, half
// a minute later, 'heal'; it tells what had become of its callers by then, and whether new ones are answered.
// Argument: where the servers are, as JSON.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import knex from 'knex';
import { createPool } from 'mysql2/promise';
import pg from 'pg';

const BETWEEN_CALLS_MILLIS = 250;
/** mysql2 and ioredis give up a connect after 10 s by default, and ioredis waits up to 2 s before the next. */
const PATIENCE_MILLIS = 20_000;

const { postgres, mariadb, redis } = JSON.parse(process.argv[2] ?? '');
const drivers = { 'pg.Pool': openPg(), mysql2: openMysql(), ioredis: openRedis(), knex: openKnex() };

// Both at once, so that each pool has two connections: one for who waits for his answer when the cable is cut.
await forEachDriver(({ call }) => Promise.all([call(), call()]));
const waiting = startForEach(({ wait }) => outcome(wait()));
await forEachDriver(({ call }) => call());
process.send('ready');

await hear('cut');
const cutAt = performance.now();
const calling = startForEach(({ call }) => outcome(call()));

await hear('heal');
process.send({ waiting, calling });
process.send(await forEachDriver(({ call }) => Promise.race([askUntilAnswered(call), givenUp()])));

function openPg() {
  const pool = new pg.Pool({ connectionString: postgres.url });
  pool.on('error', () => {});
  return { call: () => pool.query('SELECT 1'), wait: () => pool.query('SELECT pg_sleep(300)') };
}

function openMysql() {
  const pool = createPool(mariadb);
  return { call: () => pool.query('SELECT 1'), wait: () => pool.query('SELECT SLEEP(300)') };
}

function openRedis() {
  // By default a command is sent again until ioredis has connected twenty times in vain; who wants to be told says so.
  const options = { ...redis, maxRetriesPerRequest: 0 };
  const [one, other] = [new Redis(options), new Redis(options)];
  for (const client of [one, other]) client.on('error', () => {});
  return { call: () => one.ping(), wait: () => other.blpop('nothing', 0) };
}

function openKnex() {
  const db = knex({ client: 'pg', connection: postgres.url });
  return { call: () => db.raw('SELECT 1'), wait: () => db.raw('SELECT pg_sleep(300)') };
}

async function forEachDriver(action) {
  const results = Object.entries(drivers).map(async ([name, driver]) => [name, await action(driver)]);
  return Object.fromEntries(await Promise.all(results));
}

function startForEach(action) {
  return Object.fromEntries(Object.entries(drivers).map(([name, driver]) => [name, action(driver)]));
}

/** Changes when the call is settled. */
function outcome(promise) {
  const state = { result: 'hangs' };
  const settle = (result) => Object.assign(state, { result, afterMillis: performance.now() - cutAt });
  promise.then(
    () => settle('answered'),
    (error) => settle(String(error.code ?? error.name)),
  );
  return state;
}

/** A connect that was begun in the dark may still fail, and who queues for it with it. */
async function askUntilAnswered(call) {
  for (;;) {
    const result = await call().then(() => 'answered', String);
    if (result === 'answered') return result;
    await delay(BETWEEN_CALLS_MILLIS);
  }
}

async function givenUp() {
  await delay(PATIENCE_MILLIS);
  return `not answered within ${PATIENCE_MILLIS} ms`;
}

async function hear(word) {
  for (;;) {
    const [message] = await once(process, 'message');
    if (message === word) return;
  }
}
