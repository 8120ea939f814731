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

  /**
   * A pool that is observed already goes on as it is.
   *
   * @returns what ends it, when all who have added the pool have called theirs; `undefined`: the pool is closed
   */
  add<T>(pool: Pool<T>, name: string, slowAcquireMillis: number | undefined): (() => void) | undefined {
    if (this.#closed.has(pool)) return undefined;
    const observed = this.#pools.get(pool) ?? this.#begin(pool, name, slowAcquireMillis);
    const claim = Symbol(name);
    observed.claims.add(claim);
    return () => {
      if (observed.claims.delete(claim) && observed.claims.size === 0) this.#end(pool);
    };
  }

  #begin<T>(pool: Pool<T>, name: string, slowAcquireMillis: number | undefined): ObservedPool<unknown> {
    const observed = new ObservedPool(pool, this.#unique(name), this.#instruments, slowAcquireMillis);
    this.#pools.set(pool, observed as ObservedPool<unknown>);
    return observed as ObservedPool<unknown>;
  }

  /** One that is closed is listened to all the same, see `close`. */
  #end(pool: object): void {
    this.#pools.get(pool)?.stop();
    this.#pools.delete(pool);
  }

  /** It is counted no more. It is listened to all the same, for it closes its connections now. */
  close(pool: object): void {
    const observed = this.#pools.get(pool);
    if (!observed) return;
    this.#closed.add(pool);
    this.#pools.delete(pool);
    this.#past.set(observed.name, sumOf(observed.totals, this.#past.get(observed.name)));
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
