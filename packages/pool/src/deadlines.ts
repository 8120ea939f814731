/** Somebody who waits, as far as deadlines go. */
export interface Patient {
  /** Stops being true before `end` is called. */
  readonly isWaiting: boolean;
  /** When its time is up, as `performance.now()`; not known until its queue has looked at the clock. */
  lateAt: number | undefined;
}

/**
 * Tells who has waited for too long. Those who wait equally long share a queue and its timer, and to begin and to end a
 * wait neither sets a timer nor reads a clock: the queue does both, once for all that have come meanwhile. So nobody is
 * told too early, and nobody later than by a hundredth of the time, or 20 ms.
 */
export class Deadlines<W extends Patient> {
  /** By the time that one waits, in milliseconds. */
  readonly #queues = new Map<number, Queue<W>>();
  /** The one used last, for most wait equally long. */
  #last: Queue<W> | undefined;
  readonly #late: (waiter: W, millis: number) => void;

  constructor(late: (waiter: W, millis: number) => void) {
    this.#late = late;
  }

  begin(waiter: W, millis: number): Queue<W> {
    const queue = this.#last?.millis === millis ? this.#last : this.#find(millis);
    queue.begin(waiter);
    return queue;
  }

  #find(millis: number): Queue<W> {
    this.#last = this.#queues.get(millis) ?? this.#open(millis);
    return this.#last;
  }

  #open(millis: number): Queue<W> {
    const queue = new Queue<W>(
      millis,
      (waiter) => this.#late(waiter, millis),
      () => this.#close(millis),
    );
    this.#queues.set(millis, queue);
    return queue;
  }

  #close(millis: number): void {
    this.#queues.delete(millis);
    this.#last = undefined;
  }
}

const LONGEST_LOOK_MILLIS = 20;
/** Fewer that have left are not worth tidying up. */
const LITTER = 256;

/** Those who wait equally long, in the order in which they came, and among them some who wait no more. */
class Queue<W extends Patient> {
  readonly millis: number;
  readonly #late: (waiter: W) => void;
  readonly #over: () => void;
  #waiters: W[] = [];
  /** Where the first of them stands who has not been dealt with. */
  #head = 0;
  /** Up to where the deadlines are known. */
  #known = 0;
  /** How many of them wait. */
  #waiting = 0;
  /** Keeps the process alive while somebody waits. */
  #timer: NodeJS.Timeout | undefined;
  /** Whether the timer goes off soon, for those whose deadlines are not known. */
  #looksSoon = false;

  constructor(millis: number, late: (waiter: W) => void, over: () => void) {
    this.millis = millis;
    this.#late = late;
    this.#over = over;
  }

  begin(waiter: W): void {
    this.#waiters.push(waiter);
    this.#waiting += 1;
    if (!this.#looksSoon) this.#lookSoon();
    else if (this.#waiting === 1) this.#timer?.ref();
  }

  /** One of those who began waits no more. */
  end(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#timer?.unref();
    if (this.#waiters.length > 2 * this.#waiting + LITTER) this.#tidyUp();
  }

  #lookSoon(): void {
    this.#looksSoon = true;
    this.#wakeIn(Math.min(this.millis / 100, LONGEST_LOOK_MILLIS));
  }

  #wakeIn(millis: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), Math.ceil(millis));
  }

  #wake(): void {
    const now = performance.now();
    this.#looksSoon = false;
    for (const waiter of this.#waiters.slice(this.#known)) waiter.lateAt = now + this.millis;
    this.#known = this.#waiters.length;
    const next = this.#tellThoseWhoAreLate(now);
    if (next === undefined) this.#over();
    else this.#wakeIn(next - now);
  }

  /** @returns when the next is late; `undefined` if nobody is left */
  #tellThoseWhoAreLate(now: number): number | undefined {
    for (;;) {
      const first = this.#waiters[this.#head];
      if (first?.isWaiting && first.lateAt !== undefined && first.lateAt > now) return first.lateAt;
      if (!first) return undefined;
      this.#head += 1;
      if (first.isWaiting) this.#late(first);
    }
  }

  #tidyUp(): void {
    this.#waiters = this.#waiters.slice(this.#head).filter(({ isWaiting }) => isWaiting);
    this.#head = 0;
    this.#known = this.#waiters.filter(({ lateAt }) => lateAt !== undefined).length;
  }
}

export type { Queue };
