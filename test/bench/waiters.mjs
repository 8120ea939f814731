// How long it takes until many who want a connection at the same moment have queued, and until all have been served.
import { loopbackSockets } from './connections.mjs';
import { lifeguard, peers } from './contenders.mjs';
import { borrowAll, borrowLoop, returnAll } from './loops.mjs';
import { ratioOf, spreadOf } from './spread.mjs';

/** @typedef {import('./contenders.mjs').Contender} Contender */
/** @typedef {{ queueing: number, serving: number }} Duration nanoseconds for a waiter */

const CONNECTIONS = 10;
const WAITERS = { all: 100_000, quick: 10_000 };
const ROUNDS = { all: 3, quick: 2 };
const WARM_UP_WAITERS = 1000;

/** @param {import('./section.mjs').SectionOptions} options */
export async function measureWaiters({ quick, tell }) {
  const waiters = quick ? WAITERS.quick : WAITERS.all;
  const rounds = quick ? ROUNDS.quick : ROUNDS.all;
  const { factory, stop } = await loopbackSockets();
  const open = [lifeguard, ...peers].map((contender) => ({
    contender,
    pool: contender.open(CONNECTIONS, factory),
    loop: borrowLoop(contender),
    durations: /** @type {Duration[]} */ ([]),
  }));
  for (const { contender, pool, loop } of open) await serveAll(contender, pool, loop, WARM_UP_WAITERS);
  for (let round = 1; round <= rounds; round += 1) {
    tell(`${waiters.toLocaleString('en')} waiters, round ${round} of ${rounds}`);
    for (const { contender, pool, loop, durations } of open) {
      durations.push(await serveAll(contender, pool, loop, waiters));
    }
  }
  for (const { contender, pool } of open) await contender.close(pool);
  await stop();
  return { tables: [tableOf(waiters, open)], targets: [] };
}

/**
 * @param {Contender} contender
 * @param {any} pool
 * @param {(pool: any, turns: number) => Promise<void>} loop
 * @param {number} waiters
 * @returns {Promise<Duration>}
 */
async function serveAll(contender, pool, loop, waiters) {
  const lent = await borrowAll(contender, pool, CONNECTIONS);
  const start = process.hrtime.bigint();
  const served = Promise.all(Array.from({ length: waiters }, () => loop(pool, 1)));
  const queued = process.hrtime.bigint();
  returnAll(contender, pool, lent);
  await served;
  const end = process.hrtime.bigint();
  return { queueing: Number(queued - start) / waiters, serving: Number(end - queued) / waiters };
}

/**
 * @param {number} waiters
 * @param {{ contender: Contender, durations: Duration[] }[]} open
 * @returns {import('./table.mjs').Table}
 */
function tableOf(waiters, open) {
  const valuesOf = (/** @type {Duration[]} */ durations, /** @type {keyof Duration} */ step) =>
    durations.map((duration) => duration[step]);
  const ours = open.find(({ contender }) => contender === lifeguard)?.durations ?? [];
  const rows = open.map(({ contender, durations }) => {
    const cellOf = (/** @type {keyof Duration} */ step) => {
      const values = valuesOf(durations, step);
      return { value: spreadOf(values).median, ratio: ratioOf(valuesOf(ours, step), values) };
    };
    return { name: contender.name, cells: { 'to queue': cellOf('queueing'), 'to be served': cellOf('serving') } };
  });
  const title = `${waiters.toLocaleString('en')} waiters for ${CONNECTIONS} connections, time for each`;
  return { name: 'waiters', title, unit: 'ns', ratio: "Lifeguard's time beside this one's", rows };
}
