import { type Link, List } from './list.js';

/** Who waits, in order: by priority, then first come, first served. Joining, leaving and shifting take O(1). */
export class Waiters<W extends Link<W>> implements Iterable<W> {
  readonly #queues: readonly List<W>[];
  /** The one that most wait in. */
  readonly #first: List<W>;
  /** Always the number of waiters in all queues. */
  #length = 0;

  /** @param priorities how many there are; 0 is served first */
  constructor(priorities: number) {
    this.#first = new List<W>();
    this.#queues = [this.#first, ...Array.from({ length: priorities - 1 }, () => new List<W>())];
  }

  get length(): number {
    return this.#length;
  }

  /** A priority that does not exist counts as the last, as in generic-pool. */
  join(waiter: W, priority = 0): void {
    const queue = this.#queues[priority] ?? this.#queues.at(-1);
    queue?.append(waiter);
    this.#length += 1;
  }

  /** @returns whether it was still waiting */
  leave(waiter: W): boolean {
    const left = this.#queues.some((queue) => queue.remove(waiter));
    if (left) this.#length -= 1;
    return left;
  }

  /** The next one. */
  get first(): W | undefined {
    return this.#firstQueue?.first;
  }

  /** Takes the next one out. */
  shift(): W | undefined {
    const queue = this.#firstQueue;
    const next = queue?.first;
    if (!queue || !next) return undefined;
    queue.remove(next);
    this.#length -= 1;
    return next;
  }

  /** The first in which somebody waits. */
  get #firstQueue(): List<W> | undefined {
    return this.#first.length > 0 ? this.#first : this.#queues.find(({ length }) => length > 0);
  }

  *[Symbol.iterator](): Generator<W, void> {
    for (const queue of this.#queues) yield* queue;
  }
}
