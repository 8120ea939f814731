// What borrowers do. Each loop is compiled for one pool, as a program has one: a loop shared by all pools would be slow
// for each of them, because V8 could not inline what it calls.

/** @typedef {import('./contenders.mjs').Contender} Contender */

const AsyncFunction = /** @type {any} */ ((async () => {}).constructor);

/**
 * One borrower after another.
 *
 * @param {Contender} contender
 * @returns {(pool: any, turns: number) => Promise<void>}
 */
export function borrowLoop({ acquire, release }) {
  return AsyncFunction(
    'pool',
    'turns',
    `for (let turn = 0; turn < turns; turn += 1) {
      const connection = await ${acquire};
      ${release};
    }`,
  );
}

/**
 * The same, with `pause` awaited between the loan and the return.
 *
 * @param {Contender} contender
 * @returns {(pool: any, turns: number, pause: () => Promise<void>) => Promise<void>}
 */
export function holdLoop({ acquire, release }) {
  return AsyncFunction(
    'pool',
    'turns',
    'pause',
    `for (let turn = 0; turn < turns; turn += 1) {
      const connection = await ${acquire};
      await pause();
      ${release};
    }`,
  );
}

/**
 * As many loans as `held` has, the oldest of which ends after each new one.
 *
 * @param {Contender} contender
 * @returns {(pool: any, turns: number, held: object[]) => Promise<void>}
 */
export function rotationLoop({ acquire, release }) {
  return AsyncFunction(
    'pool',
    'turns',
    'held',
    `for (let turn = 0, oldest = 0; turn < turns; turn += 1, oldest = (oldest + 1) % held.length) {
      const newest = await ${acquire};
      const connection = held[oldest];
      held[oldest] = newest;
      ${release};
    }`,
  );
}

/**
 * @param {Contender} contender
 * @returns {(pool: any) => Promise<object>}
 */
export function acquireOf({ acquire }) {
  return /** @type {any} */ (Function('pool', `return ${acquire};`));
}

/**
 * Borrows `count` connections at once.
 *
 * @param {Contender} contender
 * @param {any} pool
 * @param {number} count
 * @returns {Promise<object[]>}
 */
export function borrowAll(contender, pool, count) {
  const acquire = acquireOf(contender);
  return Promise.all(Array.from({ length: count }, () => acquire(pool)));
}

/**
 * @param {Contender} contender
 * @param {any} pool
 * @param {Iterable<object>} connections
 */
export function returnAll({ release }, pool, connections) {
  const giveBack = Function('pool', 'connection', release);
  for (const connection of connections) giveBack(pool, connection);
}
