import type { Verdict } from '@lifeguard/tcp';
import type { Connection } from './connection.js';
import { List } from './list.js';

export interface ShelfOptions<T> {
  /** Lend the one that has been idle longest, not the one last returned. */
  readonly fifo: boolean;
  /** The kernel is not asked about a connection that was in use so lately: its peer has just answered. */
  readonly aliveBypassMillis: number;
  /** Told of a connection that the kernel knows to be dead, and its event loop does not yet. */
  readonly dead: (connection: Connection<T>) => void;
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
   * Takes the next one that the kernel believes in.
   *
   * @param settle take a suspect one if there is no other: nothing better can be had
   * @param now as `Date.now()`
   */
  take(settle: boolean, now: number): Connection<T> | undefined {
    let suspect: Connection<T> | undefined;
    let found: Connection<T> | undefined;
    let dead: Connection<T>[] | undefined;
    for (let next = this.#first(); next && !found; next = this.#after(next)) {
      const verdict = this.#ask(next, now);
      if (verdict === 'dead') dead = dead ? [...dead, next] : [next];
      else if (verdict === 'suspect') suspect ??= next;
      else found = next;
    }
    if (settle) found ??= suspect;
    if (found) this.#list.remove(found);
    // Only now, for what follows from a death may take from the shelf, too.
    if (dead) for (const each of dead) this.#options.dead(each);
    return found;
  }

  #ask({ movedAt, watch }: Connection<T>, now: number): Verdict {
    return now - movedAt < this.#options.aliveBypassMillis ? 'alive' : watch.verdict();
  }

  #first(): Connection<T> | undefined {
    return this.#options.fifo ? this.#list.first : this.#list.last;
  }

  #after({ links }: Connection<T>): Connection<T> | undefined {
    return this.#options.fifo ? links.next : links.previous;
  }
}
