import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Pool, PoolMessage } from '@lifeguard/pool';
import { createNoopMeter, diag, type MeterProvider, metrics } from '@opentelemetry/api';
import { Observer } from './observer.js';

/** Where metrics go, and what is traced. */
export interface ObserveOptions {
  /** Default: the one that is registered with `@opentelemetry/api` at the time of the call. */
  readonly meterProvider?: MeterProvider;
  /** Waits for a connection from this long on are recorded as spans `lifeguard.acquire`. Default: none are. */
  readonly slowAcquireMillis?: number;
}

/** The same, and the name of one pool. */
export interface ObservePoolOptions extends ObserveOptions {
  /** Default: the pool's name. If another pool has it, a number is appended: `orders-2`. */
  readonly name?: string;
}

/** Where a pool shows itself that was opened before anybody looked. Not its loans, which are many. */
const SIGNS = ['open', 'connect', 'suspect', 'recover', 'evict', 'error'].map((event) => `lifeguard:pool:${event}`);
const CLOSED = 'lifeguard:pool:closed';

/** One for each provider, so that names are unique in it. */
const observers = new WeakMap<MeterProvider, Observer>();

/**
 * Tells a meter provider of a pool: the metrics of OpenTelemetry's conventions for connection pools, and those named
 * `lifeguard.*`. Without a provider that does something, nothing is observed and nothing is paid. A pool that the provider
 * is told of already goes on under its name.
 *
 * @returns what ends it, unless others observe the pool too; a pool that is closed ends it
 */
export function observePool<T>(pool: Pool<T>, options: ObservePoolOptions = {}): () => void {
  const observer = observerFor(options);
  if (!observer) return () => {};
  return observer.add(pool, options.name ?? pool.name, options.slowAcquireMillis) ?? (() => {});
}

/**
 * Tells a meter provider of every pool of the process, those inside the adapters too, as `observePool` does. A pool that is
 * open already is found when it next opens or closes a connection: so call this first.
 *
 * @returns what ends it, for all of them
 */
export function observeAllPools(options: ObserveOptions = {}): () => void {
  const observer = observerFor(options);
  if (!observer) return () => {};
  const found = new Map<object, () => void>();
  const find = (message: unknown) => {
    const pool = (message as PoolMessage).pool as Pool<unknown>;
    if (found.has(pool)) return;
    const end = observer.add(pool, pool.name, options.slowAcquireMillis);
    if (end) found.set(pool, end);
  };
  const forget = (message: unknown) => found.delete((message as PoolMessage).pool);
  for (const sign of SIGNS) subscribe(sign, find);
  subscribe(CLOSED, forget);
  return () => {
    for (const sign of SIGNS) unsubscribe(sign, find);
    unsubscribe(CLOSED, forget);
    for (const end of found.values()) end();
    found.clear();
  };
}

/** `undefined` if nobody would hear. */
function observerFor({ meterProvider = metrics.getMeterProvider() }: ObserveOptions): Observer | undefined {
  const known = observers.get(meterProvider);
  if (known) return known;
  const meter = meterProvider.getMeter('@lifeguard/otel');
  if (meter instanceof createNoopMeter().constructor) {
    diag.warn('@lifeguard/otel observes nothing: no meter provider is registered. Start the SDK first.');
    return undefined;
  }
  const observer = new Observer(meter);
  observers.set(meterProvider, observer);
  subscribe(CLOSED, (message) => observer.close((message as PoolMessage).pool));
  return observer;
}
