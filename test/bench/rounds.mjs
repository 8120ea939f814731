import { setImmediate as nextTurn } from 'node:timers/promises';
import { measure } from 'mitata';

/**
 * @typedef {object} Contestant
 * @property {() => Promise<unknown>} run
 * @property {number} operations how many operations a run is
 */

/**
 * @typedef {object} Turns of each contestant
 * @property {number} warmUp are not counted
 * @property {number} counted
 */

/**
 * @typedef {object} Effort
 * @property {number} rounds that count
 * @property {number} sliceMillis how long a contestant is measured in each round, at least
 */

const LEAST_RUNS = 4;
const WARM_UP_ROUNDS = 2;

/**
 * Lets them take turns: whatever else the machine does hits all alike, and what is compared was measured right after each other. Each
 * round begins with another one.
 *
 * @param {ReadonlyMap<string, Contestant>} contestants by name
 * @param {Turns} turns
 * @param {(run: Contestant['run']) => Promise<number>} measureTurn how many nanoseconds a run takes
 * @returns {Promise<Map<string, number[]>>} nanoseconds for an operation, in each turn
 */
export async function takeTurns(contestants, { warmUp, counted }, measureTurn) {
  const entries = [...contestants];
  const results = new Map(entries.map(([name]) => [name, /** @type {number[]} */ ([])]));
  for (let round = 0; round < warmUp + counted; round += 1) {
    const first = round % entries.length;
    for (const [name, { run, operations }] of [...entries.slice(first), ...entries.slice(0, first)]) {
      // What is measured may never leave the queue of promises. Timers and sockets get their turn here.
      await nextTurn();
      const nanos = await measureTurn(run);
      if (round >= warmUp) results.get(name)?.push(nanos / operations);
    }
  }
  return results;
}

/**
 * Measures each contestant for a short time, and all of them again, round after round. A round's figure is the lower quartile of its runs: what
 * disturbs a run makes it slower, never faster.
 *
 * @param {ReadonlyMap<string, Contestant>} contestants by name
 * @param {Effort} effort
 * @returns {Promise<Map<string, number[]>>} nanoseconds for an operation, in each round
 */
export function measureInRounds(contestants, { rounds, sliceMillis }) {
  const slice = { min_cpu_time: sliceMillis * 1e6, min_samples: LEAST_RUNS, gc: false };
  return takeTurns(
    contestants,
    { warmUp: WARM_UP_ROUNDS, counted: rounds },
    async (run) => (await measure(run, slice)).p25,
  );
}
