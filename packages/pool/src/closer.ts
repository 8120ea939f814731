import { within } from './deadline.js';
import { StepTimeoutError } from './errors.js';
import type { Factory } from './factory.js';
import type { Watch } from './watch.js';

export interface CloserOptions<T> {
  readonly factory: Factory<T>;
  readonly timeoutMillis: number;
  /** Told of a `destroy` that failed or did not end in time. */
  readonly failed: (error: unknown) => void;
}

/** Closes connections by the factory's `destroy`; where that fails or hangs, by closing their sockets. */
export class Closer<T> {
  readonly #options: CloserOptions<T>;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: CloserOptions<T>) {
    this.#options = options;
  }

  /** Never rejects. */
  close(resource: T, watch: Watch): Promise<void> {
    const { factory, timeoutMillis, failed } = this.#options;
    watch.end();
    const closing = within(
      timeoutMillis,
      () => factory.destroy(resource),
      () => new StepTimeoutError('destroy', timeoutMillis),
    ).then(
      () => {},
      (error: unknown) => {
        watch.closeSockets();
        failed(error);
      },
    );
    this.#underWay.add(closing);
    return closing.finally(() => this.#underWay.delete(closing));
  }

  /** Resolves once all that are being closed now are closed. */
  async allClosed(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
