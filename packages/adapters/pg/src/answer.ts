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

/** Like pg, lets an error's stack lead to who asked, not to a timer or a socket. */
function rethrow(error: unknown): never {
  if (error instanceof Error && Object.isExtensible(error)) Error.captureStackTrace(error);
  throw error;
}
