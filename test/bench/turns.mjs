import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * @typedef {object} Turns
 * @property {number} warmUp are not counted
 * @property {number} counted
 */

/** How many operations a contestant does when it is its turn, at least. */
export const TURN_OPERATIONS = 80;

/**
 * There is much of a driver to be compiled first; until that is done one and the same pool differs from itself by more than a limit
 * leaves.
 *
 * @type {Turns}
 */
const ALL_TURNS = { warmUp: 150, counted: 300 };
const QUICK_TURNS = { warmUp: 2, counted: 5 };

/** @param {boolean} quick */
export function turnsOf(quick) {
  return quick ? QUICK_TURNS : ALL_TURNS;
}

/**
 * For what goes through a driver to a server. A virtual machine may be without one of its processors for 10 ms, many times in a
 * second, and then nothing that takes as long stays undisturbed. So a turn is short. Neighbours are compared: a disturbance hits
 * one or the other of the two by chance, and the median of hundreds of such pairs is not moved by it.
 *
 * @param {ReadonlyMap<string, import('./rounds.mjs').Contestant>} contestants by name
 * @param {Turns} turns of each contestant
 * @returns {Promise<Map<string, number[]>>} nanoseconds for an operation, in each turn
 */
export async function measureInTurns(contestants, { warmUp, counted }) {
  const entries = [...contestants];
  const results = new Map(entries.map(([name]) => [name, /** @type {number[]} */ ([])]));
  for (let turn = 0; turn < warmUp + counted; turn += 1) {
    const first = turn % entries.length;
    for (const [name, { run, operations }] of [...entries.slice(first), ...entries.slice(0, first)]) {
      // What is measured may never leave the queue of promises. Timers and sockets get their turn here.
      await nextTurn();
      const start = performance.now();
      await run();
      const nanos = (performance.now() - start) * 1e6;
      if (turn >= warmUp) results.get(name)?.push(nanos / operations);
    }
  }
  return results;
}
