import type { TcpOptions } from '@lifeguard/tcp';
import type { QueryEvent } from './workload.js';

/** The pools that are compared. */
export const POOL_NAMES = ['pg.Pool', '@lifeguard/pg'] as const;

export type PoolName = (typeof POOL_NAMES)[number];

/** Where the database is. */
export interface Database {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The first message to a worker. */
export interface Opening {
  readonly pool: PoolName;
  readonly database: Database;
}

/** The second message to a worker, when all are ready. */
export const START = 'start';

/** The pool has opened its connections. `tcp`: the options of one of its sockets, read back from the kernel. */
export interface Ready {
  readonly type: 'ready';
  readonly tcp: Readonly<Partial<TcpOptions>>;
}

/** Something became of a query. */
export interface Progress {
  readonly type: 'query';
  readonly query: QueryEvent;
}

export type FromWorker = Ready | Progress;
