// What it costs to know that a connection is alive before it is lent: by asking the kernel, and by asking the server.
import { startPostgres } from '@lifeguard/lab';
import { pgFactory } from '@lifeguard/pg';
import { createPool } from '@lifeguard/pool';
import { verdict } from '@lifeguard/tcp';
import pg from 'pg';
import { lifeguard } from './contenders.mjs';
import { borrowAll, borrowLoop, returnAll } from './loops.mjs';
import { measureInRounds } from './rounds.mjs';
import { ratioOf, spreadOf } from './spread.mjs';
import { judge } from './target.mjs';

const CONNECTIONS = 10;
const LOANS = 1000;
const MOST_MICROSECONDS = 3;
const MOST_BESIDE_QUERY = 1 / 20;

const ROUND_TRIP = 'SELECT 1, no pool';
const CHECKED = 'acquire + release, the kernel asked on every loan';
const UNCHECKED = 'acquire + release, nobody asked';
const VERDICT = 'verdict alone';

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureCheck({ effort, tell }) {
  tell('starting PostgreSQL');
  const server = await startPostgres('loopback');
  const { connectionString } = server;
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { stream } = /** @type {any} */ (client).connection;
  const checked = await openPool(connectionString, 0);
  const unchecked = await openPool(connectionString, 3_600_000);

  tell('a checked loan, an unchecked one, SELECT 1');
  const rounds = await measureInRounds(
    new Map([
      [ROUND_TRIP, { run: () => client.query('SELECT 1'), operations: 1 }],
      [CHECKED, borrowing(checked)],
      [UNCHECKED, borrowing(unchecked)],
      [VERDICT, { run: async () => askOften(stream), operations: LOANS }],
    ]),
    effort,
  );
  await Promise.all([checked.close(), unchecked.close(), client.end()]);
  await server.close();
  return { tables: [tableOf(rounds)], targets: targetsOf(rounds) };
}

/**
 * @param {string} connectionString
 * @param {number} aliveBypassMillis
 */
async function openPool(connectionString, aliveBypassMillis) {
  const pool = createPool(pgFactory({ connectionString }), { max: CONNECTIONS, aliveBypassMillis });
  returnAll(lifeguard, pool, await borrowAll(lifeguard, pool, CONNECTIONS));
  return pool;
}

/** @param {import('@lifeguard/pool').Pool<pg.Client>} pool */
function borrowing(pool) {
  const loop = borrowLoop(lifeguard);
  return { run: () => loop(pool, LOANS), operations: LOANS };
}

/** @param {import('node:net').Socket} socket */
function askOften(socket) {
  for (let turn = 0; turn < LOANS; turn += 1) {
    if (verdict(socket) !== 'alive') throw new Error('the loopback connection is not alive');
  }
}

/**
 * @param {Map<string, number[]>} rounds
 * @returns {import('./table.mjs').Table}
 */
function tableOf(rounds) {
  const ours = rounds.get(CHECKED) ?? [];
  const rows = [...rounds].map(([name, values]) => {
    return { name, cells: { time: { value: spreadOf(values).median, ratio: ratioOf(ours, values) } } };
  });
  const title = `is this connection alive? loopback PostgreSQL, ${CONNECTIONS} connections`;
  return { name: 'check', title, unit: 'ns', ratio: "the checked loan's time beside this", rows };
}

/** @param {Map<string, number[]>} rounds */
function targetsOf(rounds) {
  const checked = rounds.get(CHECKED) ?? [];
  const what = 'checked loan';
  return [
    judge({
      what,
      of: 'µs',
      bound: 'at most',
      limit: MOST_MICROSECONDS,
      measured: spreadOf(checked.map((nanoseconds) => nanoseconds / 1000)),
    }),
    judge({
      what,
      of: "time, beside SELECT 1's",
      bound: 'at most',
      limit: MOST_BESIDE_QUERY,
      measured: ratioOf(checked, rounds.get(ROUND_TRIP) ?? []),
    }),
  ];
}
