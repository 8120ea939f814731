/**
 * Runs one step of a connection's life, which may throw, reject, be slow or never answer, and bounds it. Rejects with
 * the step's own error or, once time is up, with what `late` makes; what the step does after that is ignored.
 */
export function within<R>(millis: number, step: () => R | PromiseLike<R>, late: () => Error): Promise<R> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), millis);
    const settle =
      <V>(settler: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer);
        settler(value);
      };
    try {
      Promise.resolve(step()).then(settle(resolve), settle(reject));
    } catch (error) {
      settle(reject)(error);
    }
  });
}
