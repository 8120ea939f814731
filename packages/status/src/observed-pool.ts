import type { ConnectionReport, Pool } from '@lifeguard/pool';
import type { ConnectionStatus, Counts, PoolStatus } from './report.js';
import { SampleHistory } from './sample-history.js';

type Place = ConnectionReport['place'];

const COUNTED_AS = {
  arriving: 'connecting',
  idle: 'idle',
  lent: 'lent',
  checking: 'lent',
  quarantined: 'quarantined',
} as const satisfies Record<Place, keyof Counts>;

/** One pool that is looked at. */
export class ObservedPool {
  readonly id: number;
  readonly history = new SampleHistory();
  readonly #pool: Pool<unknown>;

  constructor(id: number, pool: Pool<unknown>) {
    this.id = id;
    this.#pool = pool;
  }

  /** Asks the pool and not the kernel: a few microseconds. */
  sample(at: number): void {
    this.history.add(at, this.#count(this.#pool.connections()));
  }

  /** Asks the kernel about each connection too. */
  status(): PoolStatus {
    const { name, min, max } = this.#pool;
    const connections = this.#pool.connections();
    return {
      id: this.id,
      name,
      min,
      max,
      now: this.#count(connections),
      totals: this.#pool.stats(),
      connections: connections.map(statusOf),
    };
  }

  #count(connections: readonly ConnectionReport[]): Counts {
    const { size, pending } = this.#pool;
    const counts = { lent: 0, idle: 0, connecting: size - connections.length, quarantined: 0, waiting: pending };
    for (const { place } of connections) counts[COUNTED_AS[place]] += 1;
    return counts;
  }
}

function statusOf({ sockets, expiresInMillis, ...facts }: ConnectionReport): ConnectionStatus {
  // JSON has no Infinity.
  const expires = Number.isFinite(expiresInMillis) ? expiresInMillis : null;
  return { ...facts, expiresInMillis: expires, sockets: sockets() };
}
