import { Deadlines, type Patient } from './deadlines.js';
import type { Queued } from './queue.js';
import { Signals } from './signals.js';
import { Waiters } from './waiters.js';

/** What is to be known of who waits when a connection is lent to it. */
export interface Note {
  /** When it came, as `performance.now()`. */
  readonly since: number;
  /** From where, if that is to be told when it keeps the connection. */
  readonly stack: string | undefined;
}

/** Told of a connection, or why there is none; then `error` is not `null`. */
export type AcquireCallback<R> = (error: unknown, resource?: R) => void;

/** One who waits for a connection. */
interface Waiter<R> extends Patient, Queued {
  resolve: (resource: R) => void;
  reject: (reason: unknown) => void;
  /** In place of the two, for who wants no promise. */
  readonly callback: AcquireCallback<R> | undefined;
  readonly note: Note | undefined;
  /** Could make it leave. */
  readonly signal: AbortSignal | undefined;
}

function ignore(): void {}

export interface DeskOptions {
  /** How many priorities there are; 0 is served first. */
  readonly priorities: number;
  /** Makes the error of who has waited for this long in vain. */
  readonly late: (timeoutMillis: number) => Error;
  /** Told when somebody gave up waiting. */
  readonly left: () => void;
}

/** Where connections are handed out: first come, first served within a priority. Leaving never takes anything along. */
export class Desk<R> {
  readonly #waiters: Waiters<Waiter<R>>;
  readonly #deadlines: Deadlines<Waiter<R>>;
  readonly #signals: Signals<Waiter<R>>;
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#waiters = new Waiters(options.priorities);
    this.#deadlines = new Deadlines({
      waiting: this.#waiters,
      late: (waiter) => this.#leave(waiter, () => options.late(waiter.timeoutMillis)),
    });
    this.#signals = new Signals((waiter, signal) => this.#leave(waiter, () => signal.reason));
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  /**
   * Waits until `serve` comes to it. Rejects when time is up, and with the signal's reason when that aborts.
   *
   * @param timeoutMillis 0: without end
   * @param note what is to be known of it when it is served, if anything
   */
  wait(
    priority: number | undefined,
    timeoutMillis: number,
    signal: AbortSignal | undefined,
    note: Note | undefined,
  ): Promise<R> {
    // A literal, for a constructor's call may not be compiled away.
    const waiter: Waiter<R> = {
      waits: false,
      resolve: ignore,
      reject: ignore,
      callback: undefined,
      timeoutMillis,
      lateAt: undefined,
      note,
      signal,
    };
    // A closure, for V8 compiles it away, and a function that is shared it calls.
    const promise = new Promise<R>((resolve, reject) => {
      waiter.resolve = resolve;
      waiter.reject = reject;
    });
    // Before it joins: what is no signal throws here, and nobody must be left waiting then.
    if (signal) this.#signals.heed(signal, waiter);
    this.#seat(waiter, priority);
    return promise;
  }

  /** As `wait`, without a promise: calls back in a tick of its own. */
  waitFor(callback: AcquireCallback<R>, timeoutMillis: number, note: Note | undefined): void {
    const waiter: Waiter<R> = {
      waits: false,
      resolve: ignore,
      reject: ignore,
      callback,
      timeoutMillis,
      lateAt: undefined,
      note,
      signal: undefined,
    };
    this.#seat(waiter, undefined);
  }

  /**
   * Hands a resource to the first who waits. Only to be called while somebody does.
   *
   * @returns what was noted of it
   */
  serve(resource: R): Note | undefined {
    const waiter = this.#next();
    if (!waiter) return undefined;
    if (waiter.callback) process.nextTick(waiter.callback, null, resource);
    else waiter.resolve(resource);
    return waiter.note;
  }

  /** Tells the first who waits that there will be none. */
  refuse(error: unknown): void {
    const waiter = this.#next();
    if (waiter) turnAway(waiter, error);
  }

  refuseAll(error: unknown): void {
    while (this.waiting > 0) this.refuse(error);
  }

  #seat(waiter: Waiter<R>, priority: number | undefined): void {
    this.#waiters.join(waiter, priority);
    if (waiter.timeoutMillis > 0) this.#deadlines.begin(waiter.timeoutMillis);
  }

  #next(): Waiter<R> | undefined {
    const waiter = this.#waiters.shift();
    if (waiter) this.#disarm(waiter);
    return waiter;
  }

  #leave(waiter: Waiter<R>, reason: () => unknown): void {
    // Who leaves is still counted in what it is told.
    const why = reason();
    if (!this.#waiters.leave(waiter)) return;
    this.#disarm(waiter);
    turnAway(waiter, why);
    this.#options.left();
  }

  #disarm(waiter: Waiter<R>): void {
    if (this.#waiters.length === 0) this.#deadlines.rest();
    if (waiter.signal) this.#signals.ignore(waiter.signal, waiter);
  }
}

function turnAway<R>(waiter: Waiter<R>, reason: unknown): void {
  if (waiter.callback) process.nextTick(waiter.callback, reason);
  else waiter.reject(reason);
}
