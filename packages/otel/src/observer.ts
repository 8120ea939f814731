import type { Pool } from '@lifeguard/pool';
import type { BatchObservableResult, Meter } from '@opentelemetry/api';
import { createInstruments, type Instruments, POOL_NAME } from './instruments.js';
import { ObservedPool } from './observed-pool.js';
import { sumOf, type Totals } from './totals.js';

/** The pools that one meter tells of. */
export class Observer {
  readonly #instruments: Instruments;
  readonly #pools = new Map<object, ObservedPool<unknown>>();
  /** They may show a last sign, which makes no new pool of them. */
  readonly #closed = new WeakSet<object>();
  /** What pools of a name had counted when they were closed, for a counter never goes back. */
  readonly #past = new Map<string, Totals>();

  constructor(meter: Meter) {
    const instruments = createInstruments(meter);
    const { count, idleMax, idleMin, max, pendingRequests, timeouts, acquires, createFailures } = instruments;
    this.#instruments = instruments;
    // One look at a pool for all of them, so that they fit together.
    meter.addBatchObservableCallback(
      (result) => this.#observe(result),
      [count, idleMax, idleMin, max, pendingRequests, timeouts, acquires, createFailures],
    );
  }

  /** Does nothing to a pool that is observed already. */
  add<T>(pool: Pool<T>, name: string, slowAcquireMillis: number | undefined): void {
    if (this.#pools.has(pool) || this.#closed.has(pool)) return;
    const observed = new ObservedPool(pool, this.#unique(name), this.#instruments, slowAcquireMillis);
    this.#pools.set(pool, observed as ObservedPool<unknown>);
  }

  /** It is counted no more. It is listened to all the same, for it closes its connections now. */
  close(pool: object): void {
    const observed = this.#pools.get(pool);
    if (!observed) return;
    this.#closed.add(pool);
    this.#pools.delete(pool);
    this.#past.set(observed.name, sumOf(observed.totals, this.#past.get(observed.name)));
  }

  remove(pool: object): void {
    this.#pools.get(pool)?.stop();
    this.#pools.delete(pool);
  }

  /** `pg`, and if there is one already `pg-2`, `pg-3`, …: the lowest that is free. */
  #unique(name: string): string {
    const taken = new Set(Array.from(this.#pools.values(), (pool) => pool.name));
    let unique = name;
    for (let number = 2; taken.has(unique); number += 1) unique = `${name}-${number}`;
    return unique;
  }

  #observe(result: BatchObservableResult): void {
    const totals = new Map(this.#past);
    for (const pool of this.#pools.values()) {
      pool.observe(result);
      totals.set(pool.name, sumOf(pool.totals, totals.get(pool.name)));
    }
    const { timeouts, acquires, createFailures } = this.#instruments;
    for (const [name, total] of totals) {
      const attributes = { [POOL_NAME]: name };
      result.observe(timeouts, total.timeouts, attributes);
      result.observe(acquires, total.acquired, attributes);
      result.observe(createFailures, total.connectFailures, attributes);
    }
  }
}
