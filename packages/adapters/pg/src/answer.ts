/**
 * Gives an outcome to a callback if there is one, never synchronously; else by a promise of the given class.
 *
 * @returns the promise, or nothing
 */
export function answer<R>(
  outcome: Promise<R>,
  callback: ((error: unknown, result?: R) => void) | undefined,
  PromiseClass: PromiseConstructor,
): Promise<R> | undefined {
  if (!callback) return new PromiseClass<R>((resolve, reject) => outcome.then(resolve, reject)).catch(rethrow);
  outcome.then(
    // In a tick of its own: what a callback throws is an uncaught exception, not a rejection of ours.
    (result) => process.nextTick(callback, undefined, result),
    (error: unknown) => process.nextTick(callback, error),
  );
  return undefined;
}

/** Calls a callback at once, from within a promise. What it throws is an uncaught exception all the same. */
export function throwingOutside<A extends unknown[]>(callback: (...args: A) => void, ...args: A): void {
  try {
    callback(...args);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** Like pg, lets an error's stack lead to who asked, not to a timer or a socket. */
function rethrow(error: unknown): never {
  if (error instanceof Error && Object.isExtensible(error)) Error.captureStackTrace(error);
  throw error;
}
