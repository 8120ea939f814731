import { Link, List } from './list.js';

/** The time at which somebody stops waiting. */
export class Deadline<W> extends Link<Deadline<W>> {
  readonly of: W;
  /** As `performance.now()`. */
  readonly at: number;
  readonly queue: Queue<W>;

  constructor(of: W, at: number, queue: Queue<W>) {
    super();
    this.of = of;
    this.at = at;
    this.queue = queue;
  }
}

/**
 * Tells who has waited for too long. Those who wait equally long stop in the order in which they began, so they share one
 * timer, and to begin and to stop waiting costs none.
 */
export class Deadlines<W> {
  /** By the time that one waits, in milliseconds. */
  readonly #queues = new Map<number, Queue<W>>();
  readonly #late: (waiter: W, millis: number) => void;

  constructor(late: (waiter: W, millis: number) => void) {
    this.#late = late;
  }

  /** @returns to be ended when the wait has */
  begin(waiter: W, millis: number): Deadline<W> {
    let queue = this.#queues.get(millis);
    if (!queue) {
      queue = new Queue(millis, this.#late, () => this.#queues.delete(millis));
      this.#queues.set(millis, queue);
    }
    return queue.begin(waiter);
  }

  end(deadline: Deadline<W>): void {
    deadline.queue.end(deadline);
  }
}

/** Those who wait equally long. */
class Queue<W> {
  readonly #millis: number;
  readonly #late: (waiter: W, millis: number) => void;
  readonly #over: () => void;
  readonly #list = new List<Deadline<W>>();
  /** Runs until nobody is left when it goes off, and keeps the process alive while somebody waits. */
  #timer: NodeJS.Timeout;

  constructor(millis: number, late: (waiter: W, millis: number) => void, over: () => void) {
    this.#millis = millis;
    this.#late = late;
    this.#over = over;
    this.#timer = this.#wakeIn(millis);
  }

  begin(waiter: W): Deadline<W> {
    if (this.#list.length === 0) this.#timer.ref();
    const deadline = new Deadline(waiter, performance.now() + this.#millis, this);
    this.#list.append(deadline);
    return deadline;
  }

  end(deadline: Deadline<W>): void {
    this.#list.remove(deadline);
    if (this.#list.length === 0) this.#timer.unref();
  }

  #wakeIn(millis: number): NodeJS.Timeout {
    return setTimeout(() => this.#wake(), Math.ceil(millis));
  }

  #wake(): void {
    const now = performance.now();
    for (let { first } = this.#list; first && first.at <= now; { first } = this.#list) {
      this.#list.remove(first);
      this.#late(first.of, this.#millis);
    }
    const { first } = this.#list;
    if (first) this.#timer = this.#wakeIn(first.at - now);
    else this.#over();
  }
}
