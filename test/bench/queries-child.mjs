// One sitting of queries, through each number of callers.
import { startPostgres } from '@lifeguard/lab';
import { Pool as LifeguardPool } from '@lifeguard/pg';
import pg from 'pg';
import { calling } from './callers.mjs';
import { apartFrom } from './processors.mjs';
import { BARE, OURS, THEIRS } from './queries.mjs';
import { runSitting } from './sitting.mjs';
import { measureInTurns, TURN_OPERATIONS } from './turns.mjs';

await runSitting(measure);

/**
 * @param {number} connections
 * @param {readonly number[]} numbers
 * @param {import('./rounds.mjs').Turns} turns
 * @returns {Promise<import('./sittings.mjs').Sitting>} by the number of callers
 */
async function measure(connections, numbers, turns) {
  const server = await apartFrom(() => startPostgres('loopback'));
  const { connectionString } = server;
  const ours = new LifeguardPool({ connectionString, max: connections });
  const theirs = new pg.Pool({ connectionString, max: connections });
  const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString }));
  await Promise.all([
    ...clients.map((client) => client.connect()),
    openAll(ours, connections),
    openAll(theirs, connections),
  ]);

  /** @type {import('./sittings.mjs').Sitting} */
  const found = {};
  for (const callers of numbers) {
    const contestants = new Map([
      [OURS, calling(callers, TURN_OPERATIONS, () => ours.query('SELECT 1'))],
      [THEIRS, calling(callers, TURN_OPERATIONS, () => theirs.query('SELECT 1'))],
      [BARE, calling(callers, TURN_OPERATIONS, inTurn(clients))],
    ]);
    found[callers] = Object.fromEntries(await measureInTurns(contestants, turns));
  }
  await Promise.all([ours.end(), theirs.end(), ...clients.map((client) => client.end())]);
  await server.close();
  return found;
}

/**
 * @param {pg.Pool | InstanceType<typeof LifeguardPool>} pool
 * @param {number} connections
 */
async function openAll(pool, connections) {
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()));
  for (const client of clients) client.release();
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
