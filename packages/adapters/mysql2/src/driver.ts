import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import mysql, { type Connection, type PoolConnection, type PoolOptions } from 'mysql2';

/** A command that was given to a connection, as far as it is read here. */
export interface Command {
  /** The method that reads the next packet of the answer. */
  readonly next?: unknown;
  /** Reads the first packet of an answer to `query` and `execute`. Other commands lack it. */
  readonly resultsetHeader?: unknown;
}

/** What `query` gives to a connection. */
export interface QueryCommand extends EventEmitter, Command {
  namedPlaceholders: boolean | undefined;
  /** Its caller's callback. */
  readonly onResult: ((error: unknown) => void) | undefined;
}

/** A packet of the server: `end` and, after four bytes of header, `start` are places in `buffer`. */
export interface Packet {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** What is used of a connection that its types leave out. */
export interface DriverConnection extends EventEmitter {
  readonly stream: Socket;
  /** mysql2 writes into it what the server says of the session's character set. */
  readonly config: { charsetNumber: number };
  readonly _command: Command | undefined | null;
  readonly _commands: { readonly length: number };
  readonly _paused: boolean;
  readonly _closing?: boolean;
  readonly _fatalError: unknown;
  readonly _protocolError: unknown;
  handlePacket(packet?: Packet): void;
  addCommand(command: Command): Command;
  connect(callback: (error: unknown) => void): void;
  query(sql: string | QueryCommand, callback?: (error: unknown) => void): QueryCommand;
  ping(callback: (error: unknown) => void): void;
  reset(callback: (error: unknown) => void): void;
  changeUser(options: object, callback: (error: unknown) => void): void;
}

/** mysql2 hides from its types what it is built of. */
export function inside(connection: Connection): DriverConnection {
  return connection as unknown as DriverConnection;
}

/** A connection of the driver's own pool, as far as ours is built on it. */
export interface DriverPoolConnection extends DriverConnection {
  /** `null` once it has left the pool. */
  _pool: DriverPool | null;
  /** Whether it has been given back. */
  _released: boolean;
  /** Leaves the pool: called when it fails, by `destroy`, and by `end`. */
  _removeFromPool(): void;
  release(): void;
  destroy(): void;
  /** `end` of a connection that has no pool. */
  _realEnd(callback?: (error?: unknown) => void): unknown;
}

/** `connectionConfig` is complete with the defaults; the pool's own options stand beside it. */
export interface DriverPoolConfig extends PoolOptions {
  readonly connectionConfig: object & {
    readonly user?: string;
    readonly stream?: unknown;
    readonly namedPlaceholders?: boolean;
  };
}

/** The driver's own pool, as far as ours is built on it. */
export interface DriverPool extends EventEmitter {
  readonly config: DriverPoolConfig;
  _closed: boolean;
  getConnection(callback: ConnectionCallback): void;
  query(sql: unknown, values?: unknown, callback?: unknown): QueryCommand;
  releaseConnection(connection: unknown): void;
  end(callback?: (error?: unknown) => void): void;
}

export type ConnectionCallback = (error: unknown, connection?: PoolConnection) => void;

const classes = mysql as unknown as {
  readonly Pool: new (options: { config: DriverPoolConfig }) => DriverPool;
  readonly PoolConnection: new (pool: DriverPool, options: { config: object }) => DriverPoolConnection;
  readonly createQuery: (sql: unknown, values: unknown, callback: unknown, config: object) => QueryCommand;
  readonly ConnectionConfig: { parseUrl(url: string): PoolOptions };
};

/** The class of what mysql2's `createPool` returns. */
export const DriverPool = classes.Pool;
export const DriverPoolConnection = classes.PoolConnection;
/** The command that `query` gives to a connection, of the arguments that `query` takes. */
export const { createQuery } = classes;

/** @throws {TypeError} that may show the URL, and so the password */
export function parseUrl(url: string): PoolOptions {
  return classes.ConnectionConfig.parseUrl(url);
}
