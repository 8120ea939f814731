import { type Channel, channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import type { EvictReason } from './classify.js';

/** What a pool tells: event name to arguments. */
export interface PoolEvents<T> {
  /** A connection was opened, which took so many milliseconds. */
  connect: [connection: T, connectMillis: number];
  /** A caller waits from now on, for this promise. Told in its own async context. Not published. */
  wait: [served: Promise<T>];
  /**
   * It was lent to a borrower that has waited since then, as `performance.now()`, or did not have to. How long it is by now
   * is left to who wants to know, for to look at the clock takes longer than to tell.
   */
  acquire: [connection: T, waitingSince: number | undefined];
  /** Its borrower gave it back, with an error or without. */
  release: [connection: T, error?: unknown];
  /** Its peer has stopped answering, by what the kernel sees. It is not lent, and who has borrowed it keeps it. */
  suspect: [connection: T];
  /** The peer of a suspect connection answers again. */
  recover: [connection: T];
  /** It left the pool. */
  evict: [connection: T, reason: EvictReason, error?: unknown];
  /** Something failed in the background, which no caller is told: an idle connection, a connect nobody waited for. */
  error: [error: unknown];
  /** generic-pool's: one connect failed. */
  factoryCreateError: [error: unknown];
  /** generic-pool's: one `destroy` failed or did not end in time. */
  factoryDestroyError: [error: unknown];
}

/**
 * What is published on the channels `lifeguard:pool:connect`, `:acquire`, `:release`, `:suspect`, `:recover`, `:evict` and
 * `:error` of node:diagnostics_channel, by every pool of the process; and on `:open` and `:closed`, when a pool was made and
 * when it has ended.
 */
export interface PoolMessage {
  /** The `Pool`. */
  readonly pool: object;
  /** What the factory made; absent on `:error`, `:open` and `:closed`. */
  readonly connection?: unknown;
  /** On `:evict`. */
  readonly reason?: EvictReason;
  /** On `:connect`: how long that took. */
  readonly connectMillis?: number;
  /** On `:acquire`: since when its borrower has waited, as `performance.now()`, if it had to. */
  readonly waitingSince?: number | undefined;
  /** On `:release`, `:evict` and `:error`, if there is one. */
  readonly error?: unknown;
}

/** The events that are published, and how their arguments are called in the message. */
const PUBLISHED = {
  connect: ['connection', 'connectMillis'],
  acquire: ['connection', 'waitingSince'],
  release: ['connection', 'error'],
  suspect: ['connection'],
  recover: ['connection'],
  evict: ['connection', 'reason', 'error'],
  error: ['error'],
} as const satisfies Partial<Record<keyof PoolEvents<unknown>, readonly (keyof PoolMessage)[]>>;

export type PublishedEvent = keyof typeof PUBLISHED;

/** Kept here, for Node.js forgets a channel that nobody refers to. */
export const channels = {
  connect: channel('lifeguard:pool:connect'),
  acquire: channel('lifeguard:pool:acquire'),
  release: channel('lifeguard:pool:release'),
  suspect: channel('lifeguard:pool:suspect'),
  recover: channel('lifeguard:pool:recover'),
  evict: channel('lifeguard:pool:evict'),
  error: channel('lifeguard:pool:error'),
} as const satisfies Record<PublishedEvent, Channel>;

const open = channel('lifeguard:pool:open');
const closed = channel('lifeguard:pool:closed');

export function publishOpen(pool: object): void {
  if (open.hasSubscribers) open.publish({ pool } satisfies PoolMessage);
}

export function publishClosed(pool: object): void {
  if (closed.hasSubscribers) closed.publish({ pool } satisfies PoolMessage);
}

/** What a subscriber throws is thrown again outside, by Node.js. */
export function publish(pool: object, event: PublishedEvent, args: readonly unknown[]): void {
  if (!channels[event].hasSubscribers) return;
  const facts = Object.fromEntries(PUBLISHED[event].map((field, index) => [field, args[index]]));
  channels[event].publish({ pool, ...facts } satisfies PoolMessage);
}

/** An emitter that can't be brought down by its listeners: neither by one that throws, nor by none for `'error'`. */
export class SafeEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter {
  /** What somebody has ever listened for. To look here costs less than to emit what nobody hears. */
  protected readonly heard: { [E in keyof Events]?: boolean } = {};

  override on<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    this.heard[event] = true;
    return super.on(event, listener as (...args: unknown[]) => void);
  }

  override addListener<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    return this.on(event, listener);
  }

  override prependListener<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    this.heard[event] = true;
    return super.prependListener(event, listener as (...args: unknown[]) => void);
  }

  override once<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    return super.once(event, listener as (...args: unknown[]) => void);
  }

  override off<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    return super.off(event, listener as (...args: unknown[]) => void);
  }

  /** @returns whether anybody listened. What a listener throws is thrown again outside, as an uncaught exception. */
  override emit<E extends keyof Events & string>(event: E, ...args: Events[E]): boolean {
    if (this.listenerCount(event) === 0) return false;
    try {
      return super.emit(event, ...args);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
      return true;
    }
  }
}
