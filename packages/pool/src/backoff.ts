/** What a failed connect says of the next: see rule 5 in the README, "When the database is away". */
export type Trouble = 'no-server' | 'declined';

const FIRST_MILLIS = 100;
const GROWTH = 2;
const CEILING_MILLIS: Readonly<Record<Trouble, number>> = { 'no-server': 500, declined: 5000 };
/** Each pause is shortened by up to this share, so that many pools don't knock together. */
const JITTER = 0.2;

/**
 * The pause before the next connect of a pool, after a failed one. One for the whole pool. A trouble of another kind
 * starts anew: a server that was away for long and is starting now has declined for the first time.
 */
export class Backoff {
  #failures = 0;
  /** Failures of the same kind in a row, before the last: what the pause grows by. */
  #streak = 0;
  #last: Trouble | undefined;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Connects that have failed in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Notes a failure, and tells how many milliseconds to pause. */
  fail(trouble: Trouble): number {
    this.#streak = trouble === this.#last ? this.#streak + 1 : 0;
    this.#last = trouble;
    this.#failures += 1;
    const grown = FIRST_MILLIS * GROWTH ** this.#streak;
    return Math.min(grown, CEILING_MILLIS[trouble]) * (1 - JITTER * this.#random());
  }

  succeed(): void {
    this.#failures = 0;
    this.#last = undefined;
  }
}
