import { now } from './clock.js';

/** What the workload needs of a pool: `pg.Pool` has it, and so has Lifeguard's. */
export interface Queryable {
  query(text: string): Promise<unknown>;
}

/** What became of a query, and when by `now()`. `code` is the error's, or its name if it has none. */
export type QueryEvent =
  | { readonly event: 'sent' | 'answered'; readonly id: number; readonly at: number }
  | { readonly event: 'failed'; readonly id: number; readonly at: number; readonly code: string };

/** Both pools have room for so many connections. It is their default. */
export const POOL_MAX = 10;

/** From one query to the next: 20 a second. */
const PAUSE_MILLIS = 50;

/** One in so many queries waits for a second in the server; the others are answered at once. */
const ONE_SLOW_IN = 10;

/**
 * A service's small, steady workload: 20 queries a second, whether earlier ones were answered or not. Two or three
 * connections are busy with it, the others idle.
 */
export class Workload {
  readonly #pool: Queryable;
  readonly #note: (event: QueryEvent) => void;
  #sent = 0;

  constructor(pool: Queryable, note: (event: QueryEvent) => void) {
    this.#pool = pool;
    this.#note = note;
  }

  /**
   * Makes the pool open all its connections.
   * @throws the first query's error, if one fails
   */
  async fill(): Promise<void> {
    await Promise.all(Array.from({ length: POOL_MAX }, () => this.#query('SELECT pg_sleep(0.2)')));
  }

  /** Sends queries until the process ends. */
  start(): void {
    const startedAt = now();
    let sent = 0;
    setInterval(() => {
      // A timer is always a little late. Only what is due by the clock makes the rate the same for both pools.
      const due = Math.floor((now() - startedAt) / PAUSE_MILLIS);
      for (; sent < due; sent++) {
        // Its error is noted, and is nothing that would end a service.
        this.#query(sent % ONE_SLOW_IN === 0 ? 'SELECT pg_sleep(1)' : 'SELECT now()').catch(() => {});
      }
    }, PAUSE_MILLIS);
  }

  async #query(text: string): Promise<void> {
    const id = this.#sent;
    this.#sent += 1;
    this.#note({ event: 'sent', id, at: now() });
    try {
      await this.#pool.query(text);
      this.#note({ event: 'answered', id, at: now() });
    } catch (error) {
      this.#note({ event: 'failed', id, at: now(), code: codeOf(error) });
      throw error;
    }
  }
}

function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return String(code ?? name ?? error);
}
