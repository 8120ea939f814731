import type { Connection } from './connection.js';
import { List } from './list.js';

export interface ShelfOptions<T> {
  /** Lend the one that has been idle longest, not the one last returned. */
  readonly fifo: boolean;
  /** The kernel is not asked about a connection that was in use so lately: its peer has just answered. */
  readonly aliveBypassMillis: number;
  /** Told when the time given to `take` may be wrong, before anything else is told. */
  readonly readClock: () => void;
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
  readonly #fifo: boolean;
  readonly #aliveBypassMillis: number;

  constructor(options: ShelfOptions<T>) {
    this.#options = options;
    this.#fifo = options.fifo;
    this.#aliveBypassMillis = options.aliveBypassMillis;
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
   * @param now as `roughMillis()`
   */
  take(now: number): Connection<T> | undefined {
    // What follows from a death may take from the shelf, too: each round looks at it anew.
    for (let next = this.#next(); next; next = this.#next()) {
      this.#list.remove(next);
      if (this.#isFresh(next, now)) return next;
      // That was long ago, or the machine's clock has been set.
      this.#options.readClock();
      if (this.#isBelievedIn(next)) return next;
    }
    return undefined;
  }

  #next(): Connection<T> | undefined {
    return this.#fifo ? this.#list.first : this.#list.last;
  }

  #isFresh({ movedAt }: Connection<T>, now: number): boolean {
    const idleMillis = now - movedAt;
    return idleMillis < this.#aliveBypassMillis && idleMillis >= 0;
  }

  #isBelievedIn(connection: Connection<T>): boolean {
    const verdict = connection.watch.verdict();
    if (verdict === 'dead') this.#options.dead(connection);
    else if (verdict === 'suspect') this.#options.suspect(connection);
    else return true;
    return false;
  }
}
