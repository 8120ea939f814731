// One sitting of loans from pools of several sizes.
import { loopbackSockets, objects } from './connections.mjs';
import { lifeguard, peers } from './contenders.mjs';
import { borrowAll, borrowLoop, returnAll, rotationLoop } from './loops.mjs';
import { measureInRounds } from './rounds.mjs';
import { keyOf } from './scale.mjs';
import { runSitting } from './sitting.mjs';

/** @typedef {import('./contenders.mjs').Contender} Contender */

const LOANS = 10_000;

// Thousands of keepalive probes at once are more than the kernel's queue for loopback takes, and the pool would be busy
// with suspicion.
process.env['LIFEGUARD_KEEPALIVE'] = 'off';

await runSitting(measure);

/**
 * @param {readonly { name: string, lent: number }[]} cases
 * @param {readonly number[]} sizes
 * @param {import('./rounds.mjs').Effort} effort
 * @returns {Promise<import('./sittings.mjs').Sitting>} by case, and by pool and size
 */
async function measure(cases, sizes, effort) {
  const { factory, stop } = await loopbackSockets();
  const open = await openAll(sizes, factory);
  /** @type {import('./sittings.mjs').Sitting} */
  const found = {};
  for (const { name, lent } of cases) {
    for (const entry of open) entry.held = await borrowAll(entry.contender, entry.pool, entry.size * lent);
    const contestants = new Map(open.map((entry) => [entry.key, lent > 0 ? rotating(entry) : borrowing(entry)]));
    found[name] = Object.fromEntries(await measureInRounds(contestants, effort));
    for (const { contender, pool, held } of open) returnAll(contender, pool, held);
  }
  for (const { contender, pool } of open) await contender.close(pool);
  await stop();
  return found;
}

/**
 * @typedef {object} OpenPool
 * @property {string} key
 * @property {Contender} contender
 * @property {number} size
 * @property {any} pool
 * @property {object[]} held what is lent
 */

/**
 * @param {readonly number[]} sizes
 * @param {import('./contenders.mjs').ConnectionFactory} sockets
 */
async function openAll(sizes, sockets) {
  /** @type {OpenPool[]} */
  const open = [];
  for (const contender of [lifeguard, ...peers]) {
    for (const size of sizes) {
      const pool = contender.open(size, contender === lifeguard ? sockets : objects);
      returnAll(contender, pool, await borrowAll(contender, pool, size));
      open.push({ key: keyOf(contender, size), contender, size, pool, held: [] });
    }
  }
  return open;
}

/** @param {OpenPool} open */
function borrowing({ contender, pool }) {
  const loop = borrowLoop(contender);
  return { run: () => loop(pool, LOANS), operations: LOANS };
}

/** @param {OpenPool} open */
function rotating({ contender, pool, held }) {
  const loop = rotationLoop(contender);
  return { run: () => loop(pool, LOANS, held), operations: LOANS };
}
