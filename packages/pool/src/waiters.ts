import { Queue, type Queued } from './queue.js';

/** So many places of who has left are put up with. */
const BLANKS = 64;

/** Who waits, in order: by priority, then first come, first served. Joining, leaving and shifting take O(1), on average. */
export class Waiters<W extends Queued> implements Iterable<W> {
  readonly #queues: readonly Queue<W>[];
  /** The one that most wait in. */
  readonly #first: Queue<W>;
  /** Always the number of waiters in all queues. */
  #length = 0;

  /** @param priorities how many there are; 0 is served first */
  constructor(priorities: number) {
    this.#first = new Queue<W>();
    this.#queues = [this.#first, ...Array.from({ length: priorities - 1 }, () => new Queue<W>())];
  }

  get length(): number {
    return this.#length;
  }

  /** As in generic-pool, a priority that does not exist counts as the last, and what is no number as 0. */
  join(waiter: W, priority = 0): void {
    const queue = priority === 0 ? this.#first : (this.#queues[priority | 0] ?? this.#queues.at(-1));
    waiter.waits = true;
    queue?.append(waiter);
    this.#length += 1;
  }

  /** @returns whether it was still waiting */
  leave(waiter: W): boolean {
    if (!waiter.waits) return false;
    waiter.waits = false;
    this.#length -= 1;
    const taken = this.#queues.reduce((sum, queue) => sum + queue.taken, 0);
    // As many have left since it was tidied last, so that each pays for a place or two.
    if (taken > 2 * this.#length + BLANKS) for (const queue of this.#queues) queue.tidy();
    return true;
  }

  /** Takes the next one out. */
  shift(): W | undefined {
    if (this.#length === 0) return undefined;
    const next = this.#first.shift() ?? this.#shiftFromOthers();
    if (!next) return undefined;
    next.waits = false;
    this.#length -= 1;
    return next;
  }

  #shiftFromOthers(): W | undefined {
    for (const queue of this.#queues) {
      const next = queue.shift();
      if (next) return next;
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<W, void> {
    for (const queue of this.#queues) yield* queue;
  }
}
