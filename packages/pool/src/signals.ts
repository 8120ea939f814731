interface Heeded<W> {
  readonly waiting: Set<W>;
  readonly listener: () => void;
}

/**
 * Heeds the signals with which somebody may leave. One listener each, however many wait with the same one, such as that of a
 * shutdown: Node.js takes eleven for a leak, and warns.
 */
export class Signals<W> {
  readonly #aborted: (waiter: W, signal: AbortSignal) => void;
  readonly #heeded = new Map<AbortSignal, Heeded<W>>();

  /** @param aborted told of each who waits with a signal that aborts. It must not wait any more afterwards */
  constructor(aborted: (waiter: W, signal: AbortSignal) => void) {
    this.#aborted = aborted;
  }

  heed(signal: AbortSignal, waiter: W): void {
    const { waiting } = this.#heeded.get(signal) ?? this.#listen(signal);
    waiting.add(waiter);
  }

  ignore(signal: AbortSignal, waiter: W): void {
    const heeded = this.#heeded.get(signal);
    if (!heeded?.waiting.delete(waiter) || heeded.waiting.size > 0) return;
    this.#heeded.delete(signal);
    signal.removeEventListener('abort', heeded.listener);
  }

  #listen(signal: AbortSignal): Heeded<W> {
    const waiting = new Set<W>();
    const listener = () => {
      for (const waiter of waiting) this.#aborted(waiter, signal);
    };
    signal.addEventListener('abort', listener);
    const heeded = { waiting, listener };
    this.#heeded.set(signal, heeded);
    return heeded;
  }
}
