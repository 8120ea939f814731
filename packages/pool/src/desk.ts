import { type Links, unlinked } from './list.js';
import { Waiters } from './waiters.js';

/** One who waits for a connection. */
interface Waiter<R> {
  readonly links: Links<Waiter<R>>;
  readonly resolve: (resource: R) => void;
  readonly reject: (reason: unknown) => void;
  /** Undoes the timer and the listener that could make it leave. */
  readonly disarm: () => void;
}

/** How long, and how long not, somebody waits. */
export interface Patience {
  readonly priority?: number | undefined;
  /** 0: without end. */
  readonly timeoutMillis: number;
  readonly signal?: AbortSignal | undefined;
  /** Makes the error of a wait that took too long. */
  readonly late: () => Error;
}

/** Where connections are handed out: first come, first served within a priority. Leaving never takes anything along. */
export class Desk<R> {
  readonly #waiters: Waiters<Waiter<R>>;
  readonly #left: () => void;

  /** @param left told when somebody gave up waiting */
  constructor(priorities: number, left: () => void) {
    this.#waiters = new Waiters(priorities);
    this.#left = left;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /** Waits until `serve` comes to it. Rejects when time is up, and with the signal's reason when that aborts. */
  wait({ priority, timeoutMillis, signal, late }: Patience): Promise<R> {
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown) => {
        if (!this.#waiters.leave(waiter)) return;
        waiter.disarm();
        reject(reason);
        this.#left();
      };
      const abort = () => leave(signal?.reason);
      const timer = timeoutMillis > 0 ? setTimeout(() => leave(late()), timeoutMillis) : undefined;
      signal?.addEventListener('abort', abort, { once: true });
      const disarm = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const waiter: Waiter<R> = { links: unlinked(), resolve, reject, disarm };
      this.#waiters.join(waiter, priority);
    });
  }

  /** Hands a resource to the first who waits. Only to be called while somebody does. */
  serve(resource: R): void {
    this.#next()?.resolve(resource);
  }

  /** Tells the first who waits that there will be none. */
  refuse(error: unknown): void {
    this.#next()?.reject(error);
  }

  refuseAll(error: unknown): void {
    while (this.waiting > 0) this.refuse(error);
  }

  #next(): Waiter<R> | undefined {
    const waiter = this.#waiters.shift();
    waiter?.disarm();
    return waiter;
  }
}
