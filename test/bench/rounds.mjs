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
 * @property {number} [warmUpRounds] that are not counted, 2 if not given
 * @property {number} sliceMillis how long a contestant is measured in each round, at least
 */

/**
 * For what goes through a driver to a server. Short and many: the server's processes and ours share the processors, and who is disturbed
 * changes all the time. There is much of a driver to be compiled first; until that is done one and the same pool differs from
 * itself by more than a limit leaves.
 *
 * @type {Effort}
 */
export const DRIVER_EFFORT = { warmUpRounds: 30, rounds: 36, sliceMillis: 20 };

const LEAST_RUNS = 4;

/**
 * Measures each contestant for a short time, and all of them again, round after round: whatever else the machine does hits all
 * alike, and what is compared was measured within the same second. Each round begins with another one. A round's figure is
 * the lower quartile of its runs: what disturbs a run makes it slower, never faster.
 *
 * @param {ReadonlyMap<string, Contestant>} contestants by name
 * @param {Effort} effort
 * @returns {Promise<Map<string, number[]>>} nanoseconds for an operation, in each round
 */
export async function measureInRounds(contestants, { rounds, warmUpRounds = 2, sliceMillis }) {
  const slice = { min_cpu_time: sliceMillis * 1e6, min_samples: LEAST_RUNS, gc: false };
  const entries = [...contestants];
  const results = new Map(entries.map(([name]) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < warmUpRounds + rounds; round += 1) {
    const first = round % entries.length;
    for (const [name, { run, operations }] of [...entries.slice(first), ...entries.slice(0, first)]) {
      // What is measured may never leave the queue of promises. Timers and sockets get their turn here.
      await nextTurn();
      const { p25 } = await measure(run, slice);
      if (round >= warmUpRounds) results.get(name)?.push(p25 / operations);
    }
  }
  return results;
}
