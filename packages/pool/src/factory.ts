/**
 * Makes, checks and destroys connections. The first three members are generic-pool's, so any generic-pool factory will
 * do; an adapter adds the others to say what it knows of its driver.
 */
export interface Factory<T> {
  /** Opens a connection and brings it to where it can be used. Every TCP socket opened meanwhile is hardened. */
  create(): Promise<T> | T;
  /** Closes a connection. May fail or hang: the pool bounds it, then closes the sockets itself. */
  destroy(connection: T): unknown;
  /** Whether the connection works, by asking its server; used with `testOnBorrow` and `testOnReturn`. */
  validate?(connection: T): Promise<boolean> | boolean;

  /** Names the kind of connection in log lines. */
  readonly name?: string;
  /**
   * Whether `create` opens its socket before it returns, as `net.connect` does, and the connection opens no other later.
   * Then no async context has to be followed to find the sockets, which on Node.js before 24 slows down every promise of the
   * process. Default: false, which finds them however they are opened.
   */
  readonly opensAtOnce?: boolean;
  /**
   * Undoes what a borrower may have left behind, on return. A failure evicts the connection. With nothing to undo it had
   * better return no promise: then the connection can be lent again at once.
   */
  reset?(connection: T): unknown;
  /** Whether the connection can't be used after this error of the driver. Failing sockets need not be recognized. */
  isFatal?(error: unknown, connection: T): boolean;
  /** Whether trying to connect again can't help: wrong password, no such database. All who wait are told at once. */
  isPermanent?(error: unknown): boolean;
  /**
   * Whether a connect failed for a reason that is neither the server's nor the network's, such as a hook that threw.
   * The first who waits is told at once, and the next connect is not delayed.
   */
  isCallersFault?(error: unknown): boolean;
}

/** @throws {TypeError} as generic-pool does */
export function checkFactory(factory: Factory<unknown>): void {
  for (const member of ['create', 'destroy'] as const) {
    if (typeof factory[member] !== 'function') throw new TypeError(`factory.${member} must be a function`);
  }
  for (const member of ['validate', 'reset', 'isFatal', 'isPermanent', 'isCallersFault'] as const) {
    const given = factory[member];
    if (given !== undefined && typeof given !== 'function') throw new TypeError(`factory.${member} must be a function`);
  }
}
