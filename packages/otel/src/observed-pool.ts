import type { ConnectionReport, EvictReason, Pool, PoolEvents } from '@lifeguard/pool';
import type { BatchObservableResult } from '@opentelemetry/api';
import { EVICTION_REASON, type Instruments, POOL_NAME, type PoolAttributes, STATE } from './instruments.js';
import { LoanSample } from './loan-sample.js';
import { watchAcquire } from './slow-acquire.js';

/** Reasons that say nothing of the peer. A suspect connection that leaves for one of them was not found to be dead. */
const NOT_OF_THE_PEER: ReadonlySet<EvictReason> = new Set([
  'idle',
  'max-lifetime',
  'max-uses',
  'destroyed',
  'cleared',
  'closed',
  'surplus',
]);

/** The states of `db.client.connection.state`: the first two are of the conventions. */
type State = 'idle' | 'used' | 'quarantined' | 'connecting';

const STATES: Readonly<Record<ConnectionReport['place'], State>> = {
  arriving: 'connecting',
  idle: 'idle',
  lent: 'used',
  checking: 'used',
  quarantined: 'quarantined',
};

type Listeners<T> = { [E in keyof PoolEvents<T>]?: (...args: PoolEvents<T>[E]) => void };

/** One pool: records what happens as it happens, and observes what is the case when somebody collects. */
export class ObservedPool<T> {
  readonly name: string;
  /** Of those who want it to be observed. */
  readonly claims = new Set<symbol>();
  readonly #pool: Pool<T>;
  readonly #instruments: Instruments;
  readonly #attributes: PoolAttributes;
  readonly #loans: LoanSample;
  /** When connections that are suspect were first seen to be. */
  readonly #suspectSince = new Map<T, number>();
  readonly #listeners: Listeners<T>;

  /** @param slowAcquireMillis waits from this long on become spans */
  constructor(pool: Pool<T>, name: string, instruments: Instruments, slowAcquireMillis?: number) {
    this.name = name;
    this.#pool = pool;
    this.#instruments = instruments;
    const attributes: PoolAttributes = { [POOL_NAME]: name };
    this.#attributes = attributes;
    this.#loans = new LoanSample({
      waited: (millis) => instruments.waitTime.record(millis / 1000, attributes),
      used: (millis) => instruments.useTime.record(millis / 1000, attributes),
    });
    this.#listeners = {
      connect: (_, millis) => instruments.createTime.record(millis / 1000, attributes),
      ...(slowAcquireMillis !== undefined && {
        wait: (served: Promise<T>) => watchAcquire(served, slowAcquireMillis, attributes),
      }),
      acquire: (connection, waitingSince) => this.#loans.lent(connection, waitingSince),
      release: (connection) => this.#loans.returned(connection),
      suspect: (connection) => this.#suspected(connection),
      recover: (connection) => this.#recovered(connection),
      evict: (connection, reason) => this.#evicted(connection, reason),
    };
    this.#listen('on');
  }

  /** Hears no more. */
  stop(): void {
    this.#loans.tell();
    this.#listen('off');
  }

  /** Tells what is the case now, and what was picked of the loans. */
  observe(result: BatchObservableResult): void {
    const { max, min, pending } = this.#pool;
    const attributes = this.#attributes;
    const { count, idleMax, idleMin, max: maximum, pendingRequests } = this.#instruments;
    for (const [state, number] of Object.entries(this.#states())) {
      result.observe(count, number, { ...attributes, [STATE]: state });
    }
    result.observe(idleMax, max, attributes);
    result.observe(idleMin, min, attributes);
    result.observe(maximum, max, attributes);
    result.observe(pendingRequests, pending, attributes);
    this.#loans.tell();
  }

  /** Totals since the pool was made. */
  get totals(): { readonly timeouts: number; readonly acquired: number; readonly connectFailures: number } {
    return this.#pool.stats();
  }

  #states(): Record<State, number> {
    const connections = this.#pool.connections();
    const states = { idle: 0, used: 0, quarantined: 0, connecting: this.#pool.size - connections.length };
    for (const { place } of connections) states[STATES[place]] += 1;
    return states;
  }

  #suspected(connection: T): void {
    this.#suspectSince.set(connection, performance.now());
    this.#instruments.suspects.add(1, this.#attributes);
  }

  #recovered(connection: T): void {
    this.#suspectSince.delete(connection);
    this.#instruments.recoveries.add(1, this.#attributes);
  }

  #evicted(connection: T, reason: EvictReason): void {
    this.#loans.returned(connection);
    this.#instruments.evictions.add(1, { ...this.#attributes, [EVICTION_REASON]: reason });
    const since = this.#suspectSince.get(connection);
    if (since === undefined) return;
    this.#suspectSince.delete(connection);
    if (NOT_OF_THE_PEER.has(reason)) return;
    this.#instruments.detectionTime.record((performance.now() - since) / 1000, this.#attributes);
  }

  #listen(how: 'on' | 'off'): void {
    for (const [event, listener] of Object.entries(this.#listeners)) {
      this.#pool[how](event as keyof PoolEvents<T>, listener as (...args: PoolEvents<T>[keyof PoolEvents<T>]) => void);
    }
  }
}
