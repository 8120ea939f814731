/** The next of them at each call, and the first again after the last. */
export function inTurn<T>(all: readonly [T, ...T[]]): () => T {
  let calls = 0;
  return () => all[calls++ % all.length] ?? all[0];
}
