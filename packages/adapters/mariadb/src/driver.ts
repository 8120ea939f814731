import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Info } from './status.js';

/** What the connections of the promise API and of the callback API have in common, as far as it is used here. */
export interface DriverConnection extends Pick<EventEmitter, 'on'> {
  readonly info: Info;
  /** The one way to its socket, TLS or not. */
  readonly __tests?: { getSocket?(): Socket | undefined };
  isValid(): boolean;
  destroy(): void;
}

/** How to use a connection of one of the two APIs. */
export interface Driver<C extends DriverConnection> {
  open(options: object): Promise<C>;
  query(connection: C, sql: string): Promise<unknown>;
  /** Sends a ROLLBACK if a transaction is open or an answer is due, behind what is due. Else does nothing. */
  rollback(connection: C): Promise<unknown>;
  /** COM_RESET_CONNECTION, and then the driver's own `initSql`, character set and time zone. */
  reset(connection: C): Promise<unknown>;
  ping(connection: C): Promise<unknown>;
  /** Says goodbye and closes. */
  end(connection: C): Promise<unknown>;
}

/** A method that takes a callback, as a promise. */
export function ask<R>(run: (callback: (error: unknown, result?: R) => void) => unknown): Promise<R> {
  return new Promise((resolve, reject) => run((error, result) => (error ? reject(error) : resolve(result as R))));
}
