// One sitting of acquire + release through each pool.
import { loopbackSockets } from './connections.mjs';
import { everybody, noPool } from './contenders.mjs';
import { borrowAll, borrowLoop, holdLoop, returnAll } from './loops.mjs';
import { measureInRounds } from './rounds.mjs';
import { runSitting } from './sitting.mjs';

/** @typedef {import('./contenders.mjs').Contender} Contender */

const CONNECTIONS = 10;
/** Loans in one measured run, at least: so many that starting the borrowers costs little beside them. */
const LEAST_LOANS = { borrow: 3000, hold: 1000 };
const LEAST_TURNS = 5;

await runSitting(measure);

/**
 * @param {'borrow' | 'hold'} name given back at once, or held across a turn of the event loop
 * @param {readonly number[]} numbers of borrowers
 * @param {import('./rounds.mjs').Effort} effort
 * @returns {Promise<import('./sittings.mjs').Sitting>}
 */
async function measure(name, numbers, effort) {
  const { factory, stop } = await loopbackSockets();
  /** @type {import('./sittings.mjs').Sitting} */
  const found = {};
  for (const borrowers of numbers) {
    const open = everybody.map((contender) => ({ contender, pool: contender.open(CONNECTIONS, factory) }));
    const contestants = new Map();
    for (const { contender, pool } of open) {
      returnAll(contender, pool, await borrowAll(contender, pool, CONNECTIONS));
      contestants.set(contender.name, contestant(name, contender, pool, borrowers));
    }
    found[borrowers] = Object.fromEntries(await measureInRounds(contestants, effort));
    for (const { contender, pool } of open) await contender.close(pool);
  }
  await stop();
  return found;
}

/**
 * @param {'borrow' | 'hold'} name
 * @param {Contender} contender
 * @param {any} pool
 * @param {number} borrowers
 */
function contestant(name, contender, pool, borrowers) {
  // Without a pool nothing holds the eleventh borrower back.
  const atOnce = contender === noPool ? Math.min(borrowers, CONNECTIONS) : borrowers;
  const turns = Math.max(LEAST_TURNS, Math.ceil(LEAST_LOANS[name] / atOnce));
  const start = name === 'borrow' ? borrowing(contender, pool, turns) : holding(contender, pool, turns);
  return { run: () => Promise.all(Array.from({ length: atOnce }, start)), operations: atOnce * turns };
}

/**
 * @param {Contender} contender
 * @param {any} pool
 * @param {number} turns
 */
function borrowing(contender, pool, turns) {
  const loop = borrowLoop(contender);
  return () => loop(pool, turns);
}

/**
 * @param {Contender} contender
 * @param {any} pool
 * @param {number} turns
 */
function holding(contender, pool, turns) {
  const loop = holdLoop(contender);
  const nextTurn = () => /** @type {Promise<void>} */ (new Promise((resolve) => setImmediate(resolve)));
  return () => loop(pool, turns, nextTurn);
}
