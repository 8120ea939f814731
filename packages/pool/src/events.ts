import { EventEmitter } from 'node:events';
import type { EvictReason } from './classify.js';

/** What a pool tells: event name to arguments. */
export interface PoolEvents<T> {
  /** A connection was opened. */
  connect: [connection: T];
  /** It was lent. */
  acquire: [connection: T];
  /** Its borrower gave it back, with an error or without. */
  release: [connection: T, error?: unknown];
  /** It left the pool. */
  evict: [connection: T, reason: EvictReason, error?: unknown];
  /** Something failed in the background, which no caller is told: an idle connection, a connect nobody waited for. */
  error: [error: unknown];
  /** generic-pool's: one connect failed. */
  factoryCreateError: [error: unknown];
  /** generic-pool's: one `destroy` failed or did not end in time. */
  factoryDestroyError: [error: unknown];
}

/** An emitter that can't be brought down by its listeners: neither by one that throws, nor by none for `'error'`. */
export class SafeEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter {
  override on<E extends keyof Events & string>(event: E, listener: (...args: Events[E]) => void): this {
    return super.on(event, listener as (...args: unknown[]) => void);
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
