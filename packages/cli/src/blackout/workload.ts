import { now } from './clock.js';
import { type Client, POOL_MAX } from './drivers/driver.js';

/** What became of a query, and when by `now()`. `code` is the error's or its cause's, or what else names it. */
export type QueryEvent =
  | { readonly event: 'sent' | 'answered'; readonly id: number; readonly at: number }
  | { readonly event: 'failed'; readonly id: number; readonly at: number; readonly code: string };

/** From one query to the next: 20 a second. */
const PAUSE_MILLIS = 50;

/** One in so many queries waits for a second in the server, if there are such; the others are answered at once. */
const ONE_SLOW_IN = 10;

/** Long enough for a pool to open all its connections for as many queries. */
const FILLING_SECONDS = 0.2;

/**
 * A service's small, steady workload: 20 queries a second, whether earlier ones were answered or not. Two or three
 * connections are busy with it, the others idle.
 */
export class Workload {
  readonly #client: Client;
  readonly #note: (event: QueryEvent) => void;
  #sent = 0;

  constructor(client: Client, note: (event: QueryEvent) => void) {
    this.#client = client;
    this.#note = note;
  }

  /**
   * Makes a pool open all its connections.
   * @throws the first query's error, if one fails
   */
  async fill(): Promise<void> {
    await Promise.all(Array.from({ length: POOL_MAX }, () => this.#query(() => this.#wait(FILLING_SECONDS))));
  }

  /** Sends queries until the process ends. */
  start(): void {
    const startedAt = now();
    let sent = 0;
    setInterval(() => {
      // A timer is always a little late. Only what is due by the clock makes the rate the same for both.
      const due = Math.floor((now() - startedAt) / PAUSE_MILLIS);
      for (; sent < due; sent++) {
        // Its error is noted, and is nothing that would end a service.
        const slow = sent % ONE_SLOW_IN === 0;
        this.#query(() => (slow ? this.#wait(1) : this.#client.ask())).catch(() => {});
      }
    }, PAUSE_MILLIS);
  }

  #wait(seconds: number): Promise<unknown> {
    return this.#client.wait ? this.#client.wait(seconds) : this.#client.ask();
  }

  async #query(send: () => Promise<unknown>): Promise<void> {
    const id = this.#sent;
    this.#sent += 1;
    this.#note({ event: 'sent', id, at: now() });
    try {
      await send();
      this.#note({ event: 'answered', id, at: now() });
    } catch (error) {
      this.#note({ event: 'failed', id, at: now(), code: codeOf(error) });
      throw error;
    }
  }
}

const LONGEST_MESSAGE = 60;

function codeOf(error: unknown): string {
  const { code, cause, name, message } = Object(error) as Readonly<Record<string, unknown>>;
  const known = code ?? (Object(cause) as { code?: unknown }).code;
  if (known !== undefined) return String(known);
  // A plain error's name says nothing.
  return String((name === 'Error' ? message : name) || error).slice(0, LONGEST_MESSAGE);
}
