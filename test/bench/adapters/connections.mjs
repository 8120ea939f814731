/** How many a pool has here. */
export const CONNECTIONS = 10;

/**
 * Has a pool open all its connections.
 *
 * @template C
 * @param {() => Promise<C>} borrow
 * @param {(connection: C) => unknown} giveBack
 */
export async function openAll(borrow, giveBack) {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, borrow));
  await Promise.all(connections.map(giveBack));
}
