import { takeTurns } from './rounds.mjs';

/** How many operations a contestant does when it is its turn, at least. */
export const TURN_OPERATIONS = 80;

/**
 * There is much of a driver to be compiled first; until that is done one and the same pool differs from itself by more than a limit
 * leaves.
 *
 * @type {import('./rounds.mjs').Turns}
 */
const ALL_TURNS = { warmUp: 100, counted: 200 };
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
 * @param {import('./rounds.mjs').Turns} turns
 * @returns {Promise<Map<string, number[]>>} nanoseconds for an operation, in each turn
 */
export function measureInTurns(contestants, turns) {
  return takeTurns(contestants, turns, async (run) => {
    const start = performance.now();
    await run();
    return (performance.now() - start) * 1e6;
  });
}
