// Queries through a pool, against a real server: what is left of a pool's price when there is work to do.
import { startPostgres } from '@lifeguard/lab';
import { Pool as LifeguardPool } from '@lifeguard/pg';
import pg from 'pg';
import { measureInRounds } from './rounds.mjs';
import { ratioOf, spreadOf } from './spread.mjs';
import { judge } from './target.mjs';

const CONNECTIONS = 10;
const CALLERS = [10, 50];
const QUERIES = 200;
/** Short and many: the server's processes and ours share the processors, and who is disturbed changes all the time. */
const EFFORT = { rounds: 60, sliceMillis: 20 };

const OURS = '@lifeguard/pg';
const THEIRS = 'pg.Pool';
const BARE = 'clients, no pool';

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureQueries({ quick, effort, tell }) {
  tell('starting PostgreSQL');
  const server = await startPostgres('loopback');
  const { connectionString } = server;
  const ours = new LifeguardPool({ connectionString, max: CONNECTIONS });
  const theirs = new pg.Pool({ connectionString, max: CONNECTIONS });
  const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString }));
  await Promise.all([...clients.map((client) => client.connect()), openAll(ours), openAll(theirs)]);

  /** @type {Map<number, Map<string, number[]>>} */
  const rounds = new Map();
  for (const callers of CALLERS) {
    tell(`${callers} callers`);
    const contestants = new Map([
      [OURS, querying(callers, () => ours.query('SELECT 1'))],
      [THEIRS, querying(callers, () => theirs.query('SELECT 1'))],
      [BARE, querying(callers, inTurn(clients))],
    ]);
    rounds.set(callers, await measureInRounds(contestants, quick ? effort : EFFORT));
  }
  await Promise.all([ours.end(), theirs.end(), ...clients.map((client) => client.end())]);
  await server.close();
  return { tables: [tableOf(rounds)], targets: targetsOf(rounds) };
}

/** @param {pg.Pool | InstanceType<typeof LifeguardPool>} pool */
async function openAll(pool) {
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
  for (const client of clients) client.release();
}

/**
 * @param {number} callers
 * @param {(caller: number) => Promise<unknown> | undefined} query
 */
function querying(callers, query) {
  const turns = Math.ceil(QUERIES / callers);
  const call = async (/** @type {unknown} */ _, /** @type {number} */ caller) => {
    for (let turn = 0; turn < turns; turn += 1) await query(caller);
  };
  return { run: () => Promise.all(Array.from({ length: callers }, call)), operations: callers * turns };
}

/**
 * Each client has its own callers, who queue for it: it takes one query at a time.
 *
 * @param {readonly pg.Client[]} clients
 * @returns {(caller: number) => Promise<unknown>}
 */
function inTurn(clients) {
  const queues = clients.map((client) => ({ client, last: /** @type {Promise<unknown>} */ (Promise.resolve()) }));
  return (caller) => {
    const queue = queues[caller % queues.length];
    if (!queue) throw new RangeError('there is no client');
    queue.last = queue.last.then(() => queue.client.query('SELECT 1'));
    return queue.last;
  };
}

/**
 * @param {Map<number, Map<string, number[]>>} rounds by the number of callers
 * @returns {import('./table.mjs').Table}
 */
function tableOf(rounds) {
  const rows = [OURS, THEIRS, BARE].map((name) => {
    const cells = [...rounds].map(([callers, values]) => {
      const theirs = values.get(name) ?? [];
      // The ratio of rates is the inverse of that of times.
      const ratio = ratioOf(theirs, values.get(OURS) ?? []);
      return [`${callers} callers`, { value: 1e9 / spreadOf(theirs).median, ratio }];
    });
    return { name, cells: Object.fromEntries(cells) };
  });
  const title = `SELECT 1, loopback PostgreSQL, ${CONNECTIONS} connections`;
  return { name: 'queries', title, unit: 'queries/s', ratio: "Lifeguard's rate beside this one's", rows };
}

/** @param {Map<number, Map<string, number[]>>} rounds */
function targetsOf(rounds) {
  return [...rounds].map(([callers, values]) =>
    judge({
      what: `queries per second, ${callers} callers`,
      of: "rate, beside pg.Pool's",
      bound: 'at least',
      limit: 1,
      measured: ratioOf(values.get(THEIRS) ?? [], values.get(OURS) ?? []),
    }),
  );
}
