/** Chance that can be had again: the same seed gives the same numbers on every machine. */
export class Random {
  readonly seed: number;
  #state: number;

  /** @param seed a whole number from 0 to 2^32 - 1 */
  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed;
  }

  /** From 0 to below 1. The generator is mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.next();
  }

  /** A whole number, both bounds included. */
  integer(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  oneIn(n: number): boolean {
    return this.next() * n < 1;
  }

  shuffle<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, rank: this.next() }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ item }) => item);
  }
}

export const MAX_SEED = 2 ** 32 - 1;

export function anySeed(): number {
  return Math.floor(Math.random() * (MAX_SEED + 1));
}
