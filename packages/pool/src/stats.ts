import type { SocketReport } from '@lifeguard/tcp';
import type { EvictReason } from './classify.js';
import type { Place } from './connection.js';

/** Totals since the pool was made. */
export interface PoolStats {
  readonly created: number;
  readonly connectFailures: number;
  readonly destroyed: number;
  readonly acquired: number;
  readonly released: number;
  readonly timeouts: number;
  /** How often a connection's peer stopped answering, and how often it answered again. */
  readonly suspected: number;
  readonly recovered: number;
  /** By reason; a reason that never came up is left out. */
  readonly evicted: Readonly<Partial<Record<EvictReason, number>>>;
}

/** One connection, as the pool sees it now. */
export interface ConnectionReport {
  /** Remote address and port; `undefined` for what has no TCP socket. */
  readonly peer: string | undefined;
  readonly place: Exclude<Place, 'gone'>;
  readonly ageMillis: number;
  /** How long it has been in its place. */
  readonly sinceMillis: number;
  /** How long it may live yet: negative if it is to go on its return, `Infinity` if it lives for ever. */
  readonly expiresInMillis: number;
  readonly uses: number;
  /** What the kernel knows of its TCP sockets at the moment of the call; some system calls for each. */
  sockets(): SocketReport[];
}

/** Counts what happens. */
export class Counter {
  created = 0;
  connectFailures = 0;
  destroyed = 0;
  acquired = 0;
  released = 0;
  timeouts = 0;
  suspected = 0;
  recovered = 0;
  readonly #evicted: Partial<Record<EvictReason, number>> = {};

  evict(reason: EvictReason): void {
    this.#evicted[reason] = (this.#evicted[reason] ?? 0) + 1;
  }

  report(): PoolStats {
    const { created, connectFailures, destroyed, acquired, released, timeouts, suspected, recovered } = this;
    const evicted = { ...this.#evicted };
    return { created, connectFailures, destroyed, acquired, released, timeouts, suspected, recovered, evicted };
  }
}
