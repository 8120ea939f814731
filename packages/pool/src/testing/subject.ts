import type { Factory } from '../factory.js';

/** Where a server listens, for TCP. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One way in which a borrower may leave a connection that the next one must not find so. */
export interface Dirt<T> {
  /** Makes the connection dirty. It is then given back as if nothing had happened. */
  leave(connection: T): unknown;
  /** Whether it can be seen on a connection that was borrowed after that. It may be another one. */
  isLeft(connection: T): boolean | Promise<boolean>;
}

/** A factory under test, and what the suite has to know of its driver. */
export interface Subject<T> {
  /** Where a real server listens. Asked in each check, so that it may be started before. It has to take four connections. */
  server(): Address | Promise<Address>;
  /**
   * Makes the factory. Its connections lead through a relay on 127.0.0.1, which can break them; `address` is the relay's. Over TLS,
   * trust the server's certificate for that host, or name the server by `servername`.
   */
  makeFactory(address: Address): Factory<T>;
  /** Asks the server something and awaits its answer. Rejects if it can't be had. */
  ask(connection: T): PromiseLike<unknown>;
  /** By name: an open transaction, a query under way, a changed setting, … */
  readonly dirt?: Readonly<Record<string, Dirt<T>>>;
  /** Rejects, and does no harm to the connection: for a factory with `isFatal`. */
  failHarmlessly?(connection: T): PromiseLike<unknown>;
  /** Factories whose connects the server refuses for good, by name: a wrong password, no such database, … */
  readonly hopeless?: Readonly<Record<string, (address: Address) => Factory<unknown>>>;
}
