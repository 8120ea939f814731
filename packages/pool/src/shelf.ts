import type { Connection } from './connection.js';
import { List } from './list.js';

export interface ShelfOptions<T> {
  /** Lend the one that has been idle longest, not the one last returned. */
  readonly fifo: boolean;
  /** The kernel is not asked about a connection that was in use so lately: its peer has just answered. */
  readonly aliveBypassMillis: number;
  /** Given a connection that the kernel knows to be dead, and its event loop does not yet. */
  readonly dead: (connection: Connection<T>) => void;
  /** Given a connection whose peer has stopped answering. It may take its siblings off the shelf. */
  readonly suspect: (connection: Connection<T>) => void;
}

/**
 * The idle connections, in the order of their return. All of them are fit by what the pool knows: what makes one unfit
 * takes it off at once. What the kernel knows beyond that is asked when one is taken, by one system call.
 */
export class Shelf<T> {
  readonly #list = new List<Connection<T>>();
  readonly #options: ShelfOptions<T>;

  constructor(options: ShelfOptions<T>) {
    this.#options = options;
  }

  get length(): number {
    return this.#list.length;
  }

  get last(): Connection<T> | undefined {
    return this.#list.last;
  }

  add(connection: Connection<T>): void {
    this.#list.append(connection);
  }

  /** @returns whether it lay here */
  remove(connection: Connection<T>): boolean {
    return this.#list.remove(connection);
  }

  /**
   * Takes the next one that the kernel believes in. What it does not believe in leaves the shelf.
   *
   * @param now as `Date.now()`
   */
  take(now: number): Connection<T> | undefined {
    const { fifo, aliveBypassMillis, dead, suspect } = this.#options;
    // What follows from a death may take from the shelf, too: each round looks at it anew.
    for (;;) {
      const next = fifo ? this.#list.first : this.#list.last;
      if (!next) return undefined;
      this.#list.remove(next);
      if (now - next.movedAt < aliveBypassMillis) return next;
      const verdict = next.watch.verdict();
      if (verdict === 'dead') dead(next);
      else if (verdict === 'suspect') suspect(next);
      else return next;
    }
  }
}
