/** A place in a queue, held by its waiter. */
export interface Links<W> {
  previous: W | undefined;
  next: W | undefined;
  /** The queue it stands in; `undefined` before it joined and after it left. */
  queue: Queue<W> | undefined;
}

interface Queue<W> {
  first: W | undefined;
  last: W | undefined;
}

/** The links of a waiter that stands nowhere yet. It carries them itself, so that joining and leaving allocate nothing. */
export function unlinked<W>(): Links<W> {
  return { previous: undefined, next: undefined, queue: undefined };
}

/**
 * Who waits, in order: by priority, then first come, first served. Joining, leaving and shifting take O(1).
 *
 * A linked list: a Set would do, but that taking its first element passes over all that were deleted before.
 */
export class Waiters<W extends { readonly links: Links<W> }> {
  readonly #queues: readonly Queue<W>[];
  /** Always the number of waiters in all queues. */
  #length = 0;

  /** @param priorities how many there are; 0 is served first */
  constructor(priorities: number) {
    this.#queues = Array.from({ length: priorities }, () => ({ first: undefined, last: undefined }));
  }

  get length(): number {
    return this.#length;
  }

  /** A priority that does not exist counts as the last, as in generic-pool. */
  join(waiter: W, priority = 0): void {
    const queue = this.#queues[priority] ?? (this.#queues[this.#queues.length - 1] as Queue<W>);
    const { links } = waiter;
    links.queue = queue;
    links.previous = queue.last;
    if (queue.last) queue.last.links.next = waiter;
    else queue.first = waiter;
    queue.last = waiter;
    this.#length += 1;
  }

  /** @returns whether it was still waiting */
  leave({ links }: W): boolean {
    const { queue, previous, next } = links;
    if (!queue) return false;
    if (previous) previous.links.next = next;
    else queue.first = next;
    if (next) next.links.previous = previous;
    else queue.last = previous;
    links.queue = links.previous = links.next = undefined;
    this.#length -= 1;
    return true;
  }

  /** Takes the next one out. */
  shift(): W | undefined {
    for (const { first } of this.#queues) {
      if (first) {
        this.leave(first);
        return first;
      }
    }
    return undefined;
  }
}
