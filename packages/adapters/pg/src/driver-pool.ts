import type { EventEmitter } from 'node:events';
import pg from 'pg';
import type { PoolConfig } from './options.js';

/** A class whose instances have the face of `pg.Client`. */
export type ClientClass = new (config: PoolConfig) => pg.ClientBase;

/** Called by `connect` with a client and the function that gives it back, or with an error. */
export type ConnectCallback = (
  error: unknown,
  client: pg.PoolClient | undefined,
  release: pg.PoolClient['release'],
) => void;

/** pg's own pool, as far as ours is built on it. */
export interface DriverPool extends EventEmitter {
  /** Complete with pg-pool's defaults. */
  readonly options: PoolConfig;
  Client: ClientClass;
  readonly Promise: PromiseConstructor;
  readonly log: (message: string) => void;
  /** Private by its name, and yet looked into by tools and by pg-pool's tests. */
  _clients: readonly pg.PoolClient[];
  ending: boolean;
  ended: boolean;
  get totalCount(): number;
  get idleCount(): number;
  get waitingCount(): number;
  get expiredCount(): number;
  /** Calls `this.connect` with a callback, and when the query is done the client's `release`, with its error if it failed. */
  query(...args: unknown[]): unknown;
  connect(callback?: ConnectCallback): unknown;
  end(callback?: (error?: unknown) => void): unknown;
}

/** The class `pg.Pool`. */
export const DriverPool = pg.Pool as unknown as new (config?: PoolConfig | null) => DriverPool;
