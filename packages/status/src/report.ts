import type { ConnectionReport, EvictReason, PoolStats } from '@lifeguard/pool';
import type { SocketReport } from '@lifeguard/tcp';

/** What a pool holds at one moment, in connections; and how many callers wait for one. */
export interface Counts {
  /** Those that are looked over between two loans included. */
  readonly lent: number;
  readonly idle: number;
  readonly connecting: number;
  readonly quarantined: number;
  readonly waiting: number;
}

/** The last minutes, in columns: at `at[n]`, in milliseconds since 1970, `lent[n]` connections were lent. */
export type History = { readonly [column in 'at' | keyof Counts]: readonly number[] };

/** One connection, as its pool and the kernel have it now. */
export interface ConnectionStatus extends Omit<ConnectionReport, 'sockets' | 'expiresInMillis'> {
  /** How long it may live yet; null if it lives for ever. */
  readonly expiresInMillis: number | null;
  readonly sockets: readonly SocketReport[];
}

/** One pool as it is now. */
export interface PoolStatus {
  /** Tells pools of the same name apart. It means something in this process only. */
  readonly id: number;
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly now: Counts;
  readonly totals: PoolStats;
  readonly connections: readonly ConnectionStatus[];
}

/** Something befell a connection, or a connect. */
export interface PoolEvent {
  /** Counts up from 1. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pool: string;
  readonly kind: 'suspect' | 'recover' | 'evict' | 'error';
  /** Remote address and port, where they are known. */
  readonly peer?: string;
  /** Of an eviction. */
  readonly reason?: EvictReason;
  /** The error's code, else the name of its class. Never its message, in which a driver may put what it likes. */
  readonly error?: string;
}

/** All pools at one moment. */
export interface StatusTick {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pools: readonly PoolStatus[];
}

/** What the page shows, as JSON. */
export interface StatusReport extends StatusTick {
  readonly process: { readonly pid: number; readonly host: string; readonly node: string };
  /** By the pool's `id`. */
  readonly history: Readonly<Record<number, History>>;
  /** The latest, oldest first. */
  readonly events: readonly PoolEvent[];
}
