import { setImmediate as nextTurn } from 'node:timers/promises';
import { measure } from 'mitata';

/**
 * @typedef {object} Contestant
 * @property {() => Promise<unknown>} run
 * @property {number} operations how many operations a run is
 */

/**
 * @typedef {object} Effort
 * @property {number} rounds that count
 * @property {number} sliceMillis how long a contestant is measured in each round, at least
 */

const LEAST_RUNS = 4;
const WARM_UP_ROUNDS = 2;

/**
 * Measures each contestant for a short time, and all of them again, round after round: whatever else the machine does hits all
 * alike, and what is compared was measured within the same second. Each round begins with another one. A round's figure is
 * the lower quartile of its runs: what disturbs a run makes it slower, never faster.
 *
 * @param {ReadonlyMap<string, Contestant>} contestants by name
 * @param {Effort} effort
 * @returns {Promise<Map<string, number[]>>} nanoseconds for an operation, in each round
 */
export async function measureInRounds(contestants, { rounds, sliceMillis }) {
  const slice = { min_cpu_time: sliceMillis * 1e6, min_samples: LEAST_RUNS, gc: false };
  const entries = [...contestants];
  const results = new Map(entries.map(([name]) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
    const first = round % entries.length;
    for (const [name, { run, operations }] of [...entries.slice(first), ...entries.slice(0, first)]) {
      // What is measured may never leave the queue of promises. Timers and sockets get their turn here.
      await nextTurn();
      const { p25 } = await measure(run, slice);
      if (round >= WARM_UP_ROUNDS) results.get(name)?.push(p25 / operations);
    }
  }
  return results;
}
