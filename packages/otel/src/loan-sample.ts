/** Where the times of loans go, in milliseconds. */
export interface LoanTimes {
  readonly waited: (millis: number) => void;
  readonly used: (millis: number) => void;
}

interface Loan {
  readonly connection: unknown;
  readonly waitMillis: number;
  readonly lentAt: number;
  usedMillis: number | undefined;
  /** Whether it belongs to a window that has been told: what it still lacks is told when it comes. */
  told: boolean;
}

/** How many loans of a window are told, at most. */
const SIZE = 500;
const WINDOW_MILLIS = 1000;

/**
 * Tells how long borrowers wait for connections and keep them: of all loans, as long as there are at most 500 in a second,
 * and in a rush of 500 in each second that are picked at random, each with the same chance.
 *
 * To record one value in a histogram of the SDK takes the better part of a microsecond, a loan a quarter of one.
 */
export class LoanSample {
  readonly #times: LoanTimes;
  /** Those of this window, in no order. */
  #picked: Loan[] = [];
  /** How many loans there were in this window, picked or not. */
  #seen = 0;
  /** Those whose connections have not come back: picked, now or in an earlier window; one that lost its place is not told. */
  readonly #open = new Map<unknown, Loan>();
  #timer: NodeJS.Timeout | undefined;

  constructor(times: LoanTimes) {
    this.#times = times;
  }

  /** @param waitingSince when the borrower began to wait, as `performance.now()`; `undefined` if it did not have to */
  lent(connection: unknown, waitingSince?: number): void {
    // Reservoir sampling: the n-th takes the place of another with a chance of SIZE / n.
    this.#seen += 1;
    const place = this.#seen <= SIZE ? this.#picked.length : Math.floor(Math.random() * this.#seen);
    if (place < SIZE) this.#pick(place, connection, waitingSince);
  }

  /** The connection came back, or left while it was lent. */
  returned(connection: unknown): void {
    const loan = this.#open.size > 0 ? this.#open.get(connection) : undefined;
    if (!loan) return;
    this.#open.delete(connection);
    const usedMillis = performance.now() - loan.lentAt;
    if (loan.told) this.#times.used(usedMillis);
    else loan.usedMillis = usedMillis;
  }

  /** Ends the window, and tells of what was picked in it. */
  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const picked = this.#picked;
    this.#picked = [];
    this.#seen = 0;
    for (const loan of picked) {
      loan.told = true;
      this.#times.waited(loan.waitMillis);
      if (loan.usedMillis !== undefined) this.#times.used(loan.usedMillis);
    }
  }

  #pick(place: number, connection: unknown, waitingSince: number | undefined): void {
    const lentAt = performance.now();
    const waitMillis = waitingSince === undefined ? 0 : lentAt - waitingSince;
    const loan = { connection, waitMillis, lentAt, usedMillis: undefined, told: false };
    this.#picked[place] = loan;
    this.#open.set(connection, loan);
    this.#timer ??= setTimeout(() => this.tell(), WINDOW_MILLIS).unref();
  }
}
