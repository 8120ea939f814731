import { now } from './clock.js';

/** What became of all requests so far. */
export interface Account {
  readonly started: number;
  readonly answered: number;
  /** Answered with something else than was asked for. */
  readonly wrong: number;
  /** How many failed, by the error's code, or by its message if it has none. */
  readonly failed: Readonly<Record<string, number>>;
  /** Neither answered nor failed yet. */
  readonly pending: number;
  /** Of those that are over, the one that took longest, and what became of it: as in `failed`, or `answered`. */
  readonly longest: { readonly millis: number; readonly outcome: string };
}

/** Counts requests. What it holds does not grow with their number. */
export class Ledger {
  #started = 0;
  #answered = 0;
  #wrong = 0;
  #settled = 0;
  #longest = { millis: 0, outcome: 'answered' };
  readonly #failed: Record<string, number> = {};
  #onSettled: (() => void) | undefined;

  /** @param work resolves with whether the answer was right */
  async track(work: () => Promise<boolean>): Promise<{ readonly error?: unknown }> {
    const startedAt = now();
    this.#started += 1;
    try {
      if (await work()) this.#answered += 1;
      else this.#wrong += 1;
      this.#settle(startedAt, 'answered');
      return {};
    } catch (error) {
      const name = nameOf(error);
      this.#failed[name] = (this.#failed[name] ?? 0) + 1;
      this.#settle(startedAt, name);
      return { error };
    }
  }

  account(): Account {
    return {
      started: this.#started,
      answered: this.#answered,
      wrong: this.#wrong,
      failed: { ...this.#failed },
      pending: this.#started - this.#settled,
      longest: this.#longest,
    };
  }

  /** Resolves once nothing is pending, or the time is up. */
  allSettled(timeoutMillis: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#started === this.#settled) finish();
      };
      const finish = () => {
        clearTimeout(timer);
        this.#onSettled = undefined;
        resolve();
      };
      const timer = setTimeout(finish, timeoutMillis);
      this.#onSettled = look;
      look();
    });
  }

  #settle(startedAt: number, outcome: string): void {
    const millis = now() - startedAt;
    this.#settled += 1;
    if (millis > this.#longest.millis) this.#longest = { millis, outcome };
    this.#onSettled?.();
  }
}

export function nameOf(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  return String(code ?? message ?? error);
}

/** For a line of text: `max-lifetime 12, idle 3`, the most frequent first. */
export function formatCounts(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts).sort(([, one], [, other]) => other - one);
  return entries.map(([name, count]) => `${name} ${count.toLocaleString('en')}`).join(', ') || 'none';
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
