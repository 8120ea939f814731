/** What a lease needs of its pool. */
export interface Lender<T> {
  release(connection: T, error?: unknown): Promise<void>;
  destroy(connection: T): Promise<void>;
}

/**
 * A borrowed connection that finds its way back by itself: `await using lease = await pool.lease()`.
 *
 * It is given back once: by `release`, by `destroy`, at the end of the block, or past the lease to the pool itself; whatever comes
 * after the first does nothing.
 */
export class Lease<T> implements AsyncDisposable {
  readonly connection: T;
  readonly #lender: Lender<T>;
  readonly #goesOn: () => boolean;

  /** @param goesOn whether the connection has not been given back */
  constructor(connection: T, lender: Lender<T>, goesOn: () => boolean) {
    this.connection = connection;
    this.#lender = lender;
    this.#goesOn = goesOn;
  }

  /** Gives the connection back. @param error what went wrong with it, as in `Pool.release` */
  async release(error?: unknown): Promise<void> {
    if (this.#goesOn()) await this.#lender.release(this.connection, error);
  }

  /** Gives the connection back to be closed. */
  async destroy(): Promise<void> {
    if (this.#goesOn()) await this.#lender.destroy(this.connection);
  }

  /** For `await using`: `release`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}
