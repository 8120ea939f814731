/**
 * What `measureInRounds` and `measureInTurns` measure: callers who do one operation after the other, all at once.
 *
 * @param {number} callers
 * @param {number} operations in one run, at least; shared out among them
 * @param {(caller: number) => Promise<unknown> | undefined} operate is told which of the callers it is
 * @returns {import('./rounds.mjs').Contestant}
 */
export function calling(callers, operations, operate) {
  const turns = Math.ceil(operations / callers);
  const call = async (/** @type {unknown} */ _, /** @type {number} */ caller) => {
    for (let turn = 0; turn < turns; turn += 1) await operate(caller);
  };
  return { run: () => Promise.all(Array.from({ length: callers }, call)), operations: callers * turns };
}
