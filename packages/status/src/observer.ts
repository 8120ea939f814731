import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Pool, PoolMessage } from '@lifeguard/pool';
import { Discovery } from './discovery.js';
import { EventLog } from './event-log.js';
import { KnownPeers } from './known-peers.js';
import { ObservedPool } from './observed-pool.js';
import type { PoolEvent, PoolStatus } from './report.js';

type Channel = 'open' | 'closed' | 'connect' | PoolEvent['kind'];

/** Knows the pools of this process, and what has befallen them of late. */
export class Observer {
  readonly log = new EventLog();
  readonly #heard: (event: PoolEvent) => void;
  readonly #pools = new Map<object, ObservedPool>();
  /** They still tell of their last connections, and are not found anew by that. */
  readonly #closed = new WeakSet<object>();
  readonly #peers = new KnownPeers();
  readonly #discovery = new Discovery((pool) => this.#find(pool));
  readonly #subscriptions: readonly (readonly [name: string, listener: (message: unknown) => void])[];
  #found = 0;
  #lastError: unknown;

  constructor(heard: (event: PoolEvent) => void) {
    this.#heard = heard;
    // Not the loans, which are many: each that is listened to costs the pool a message.
    this.#subscriptions = [
      this.#listen('open', () => {}),
      this.#listen('closed', ({ pool }) => this.#lose(pool)),
      this.#listen('connect', ({ pool, connection }) => this.#peers.learn(pool as Pool<unknown>, connection)),
      this.#listen('suspect', (message) => this.#note('suspect', message)),
      this.#listen('recover', (message) => this.#note('recover', message)),
      this.#listen('evict', (message) => this.#note('evict', message)),
      this.#listen('error', (message) => this.#noteError(message)),
    ];
  }

  /** Takes a sample of each pool, and looks for pools that have not told of themselves yet. */
  sample(at: number): void {
    for (const pool of this.#pools.values()) pool.sample(at);
    this.#discovery.goOn();
  }

  /** Of all pools; asks the kernel about each connection. */
  status(): PoolStatus[] {
    return Array.from(this.#pools.values(), (pool) => pool.status());
  }

  pools(): Iterable<ObservedPool> {
    return this.#pools.values();
  }

  stop(): void {
    for (const [name, listener] of this.#subscriptions) unsubscribe(name, listener);
    this.#discovery.stop();
    this.#pools.clear();
  }

  #listen(channel: Channel, hear: (message: PoolMessage) => void) {
    const listener = (message: unknown) => {
      this.#find((message as PoolMessage).pool);
      hear(message as PoolMessage);
    };
    const name = `lifeguard:pool:${channel}`;
    subscribe(name, listener);
    return [name, listener] as const;
  }

  #find(pool: object): void {
    if (this.#pools.has(pool) || this.#closed.has(pool)) return;
    this.#found += 1;
    this.#pools.set(pool, new ObservedPool(this.#found, pool as Pool<unknown>));
  }

  #lose(pool: object): void {
    this.#pools.delete(pool);
    this.#closed.add(pool);
  }

  #note(kind: PoolEvent['kind'], { pool, connection, reason, error }: PoolMessage): void {
    this.#lastError = error;
    const peer = this.#peers.of(connection);
    const name = nameOf(error);
    const event = this.log.add({
      pool: (pool as Pool<unknown>).name,
      kind,
      ...(peer !== undefined && { peer }),
      ...(reason !== undefined && { reason }),
      ...(name !== undefined && { error: name }),
    });
    this.#heard(event);
  }

  /** The error that an idle connection dies of is told twice: by its eviction, and by itself. */
  #noteError(message: PoolMessage): void {
    if (message.error !== this.#lastError) this.#note('error', message);
  }
}

function nameOf(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : 'an error';
}
