import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from '@lifeguard/pool';
import type pg from 'pg';
import type { Ledger } from './ledger.js';
import type { Random } from './random.js';

/** How many borrowers are at work, for how long. */
export interface Tide {
  readonly borrowers: number;
  readonly millis: number;
}

export interface LoadOptions {
  /** Come in a new random order each round. */
  readonly tides: readonly Tide[];
  /** What a borrower waits between two requests, at most. */
  readonly pauseMillis: number;
  /** One request in so many keeps its connection waiting for so long. */
  readonly slow: { readonly oneIn: number; readonly seconds: number };
  /** One request in so many waits for a connection for no longer than this. Default: none. */
  readonly impatient?: { readonly oneIn: number; readonly millis: number };
}

const ASK = 'SELECT $1::bigint * 7 + 1 AS number, $2::text AS echo, md5($2::text) AS digest, pg_sleep($3)::text';
const PATIENT = {};

interface Reply {
  readonly number: string;
  readonly echo: string;
  readonly digest: string;
}

/**
 * Borrowers, each of which borrows a connection, asks for what only the right answer can say, and gives it back. Their
 * number rises and falls, down to none, so that connections are met lent and idle.
 */
export class Load {
  readonly #pool: Pool<pg.Client>;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #options: LoadOptions;
  readonly #stopped = new AbortController();
  #asked = 0;
  #atWork = 0;

  constructor(pool: Pool<pg.Client>, ledger: Ledger, random: Random, options: LoadOptions) {
    this.#pool = pool;
    this.#ledger = ledger;
    this.#random = random;
    this.#options = options;
    // Every borrower listens.
    setMaxListeners(0, this.#stopped.signal);
  }

  start(): void {
    const most = Math.max(...this.#options.tides.map(({ borrowers }) => borrowers));
    for (let borrower = 0; borrower < most; borrower += 1) void this.#borrow(borrower);
    void this.#turnTheTide();
  }

  /** Starts no more requests. Resolves once those under way are over, or the time is up. */
  async stop(timeoutMillis: number): Promise<void> {
    this.#stopped.abort();
    await this.#ledger.allSettled(timeoutMillis);
  }

  /** One request. Says how it failed, if it did. */
  request(): Promise<{ readonly error?: unknown }> {
    return this.#ledger.track(() => this.#ask());
  }

  async #borrow(borrower: number): Promise<void> {
    while (await this.#pause(this.#random.between(0, this.#options.pauseMillis))) {
      if (borrower < this.#atWork) await this.request();
    }
  }

  async #turnTheTide(): Promise<void> {
    for (;;) {
      for (const { borrowers, millis } of this.#random.shuffle(this.#options.tides)) {
        this.#atWork = borrowers;
        if (!(await this.#pause(millis))) return;
      }
    }
  }

  /** False if there is to be no more. */
  async #pause(millis: number): Promise<boolean> {
    try {
      await delay(millis, undefined, { signal: this.#stopped.signal });
      return true;
    } catch {
      return false;
    }
  }

  async #ask(): Promise<boolean> {
    const { slow, impatient } = this.#options;
    const number = ++this.#asked;
    const echo = `${number}:${'lifeguard'.repeat(this.#size())}`;
    const seconds = this.#random.oneIn(slow.oneIn) ? slow.seconds : 0;
    const wishes = impatient && this.#random.oneIn(impatient.oneIn) ? { timeoutMillis: impatient.millis } : PATIENT;
    const { rows } = await this.#pool.use((client) => client.query<Reply>(ASK, [number, echo, seconds]), wishes);
    const [reply] = rows;
    return reply?.number === String(number * 7 + 1) && reply.echo === echo && reply.digest === md5(echo);
  }

  /** Most fit into one packet, some need several, a few more than one window. */
  #size(): number {
    if (this.#random.oneIn(50)) return this.#random.integer(5000, 20_000);
    return this.#random.oneIn(5) ? this.#random.integer(100, 2000) : 2;
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
