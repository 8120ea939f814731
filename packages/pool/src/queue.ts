/** What stands in a queue. */
export interface Queued {
  /** Set by who puts it in, cleared when it is taken out or is no longer to be served. */
  waits: boolean;
}

const LEAST_ROOM = 16;

/**
 * First in, first out, in an array that is used round and round: to go in and to come out write to one place of it.
 *
 * Who leaves in between keeps its place, as a blank, until that is passed over or `tidy` is called.
 */
export class Queue<Q extends Queued> implements Iterable<Q> {
  /** Its length is a power of two. */
  #places: (Q | undefined)[] = room(LEAST_ROOM);
  /** The place of the first. */
  #head = 0;
  /** How many places are taken, from `#head` on; those of who has left included. */
  #taken = 0;

  /** How many places are taken: by those who wait, and by those who have left. */
  get taken(): number {
    return this.#taken;
  }

  append(one: Q): void {
    if (this.#taken === this.#places.length) this.#lay([...this], 2 * this.#places.length);
    this.#places[(this.#head + this.#taken) & (this.#places.length - 1)] = one;
    this.#taken += 1;
  }

  /** Takes the first who waits out. */
  shift(): Q | undefined {
    const places = this.#places;
    while (this.#taken > 0) {
      const one = places[this.#head];
      places[this.#head] = undefined;
      this.#head = (this.#head + 1) & (places.length - 1);
      this.#taken -= 1;
      if (one?.waits) return one;
    }
    return undefined;
  }

  /** Gives back the places of who has left. Takes as long as there are places. */
  tidy(): void {
    const waiting = [...this];
    let length = LEAST_ROOM;
    while (length < waiting.length) length *= 2;
    this.#lay(waiting, length);
  }

  *[Symbol.iterator](): Generator<Q, void> {
    for (let n = 0; n < this.#taken; n += 1) {
      const one = this.#places[(this.#head + n) & (this.#places.length - 1)];
      if (one?.waits) yield one;
    }
  }

  #lay(waiting: readonly Q[], length: number): void {
    this.#places = room(length);
    this.#head = 0;
    this.#taken = waiting.length;
    for (const [n, one] of waiting.entries()) this.#places[n] = one;
  }
}

function room<Q>(length: number): (Q | undefined)[] {
  return new Array<Q | undefined>(length).fill(undefined);
}
