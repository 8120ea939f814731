// The service of the soak, on the host `app`: a pool under load. It does what the command calls for, tells of each
// connection that leaves the pool, and at the end of what is left over.
import { setTimeout as delay } from 'node:timers/promises';
import { pgFactory } from '@lifeguard/pg';
import { createPool, type EvictReason, type Pool, type PoolOptions, type PoolStats } from '@lifeguard/pool';
import { inspect, type TcpInfo } from '@lifeguard/tcp';
import type pg from 'pg';
import { serve, tell } from './calls.js';
import { now } from './clock.js';
import { type Account, Ledger, nameOf } from './ledger.js';
import { Load, type LoadOptions } from './load.js';
import { Random } from './random.js';
import { measureResidue, type Residue } from './residue.js';

export interface ClientSetup {
  readonly server: pg.ClientConfig;
  readonly pool: PoolOptions;
  readonly load: LoadOptions;
  readonly seed: number;
}

/** A connection has left the pool. */
export interface Eviction {
  readonly reason: EvictReason;
  readonly error: string | undefined;
  /** What the kernel knew of it then, if it still had it. */
  readonly info: TcpInfo | undefined;
}

/** How soon a caller who came at a certain moment had an answer. */
export interface Return {
  readonly tookMillis: number;
  /** How the requests of that caller failed before. */
  readonly failures: readonly string[];
}

export interface Progress {
  readonly account: Account;
  /** Segments that the kernel had to send again, on all connections. */
  readonly retransmits: number;
}

export interface Finish extends Progress {
  /** The pool's own totals. */
  readonly stats: PoolStats;
  readonly before: Residue;
  readonly after: Residue;
  /** Unhandled rejections, uncaught exceptions and warnings. */
  readonly accidents: readonly string[];
}

export type ClientOperations = {
  /** Makes the pool and has it open its connections. */
  open(setup: ClientSetup): Promise<void>;
  start(): void;
  serves(since: number): Promise<Return>;
  progress(): Progress;
  /** Ends the load and the pool. */
  finish(): Promise<Finish>;
};

const WARM_UP_MILLIS = 1500;
/** Longer than any request can take: the patience of an acquire, and what the kernel needs to give up on a connection. */
const SETTLING_MILLIS = 25_000;
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

const accidents: string[] = [];
process.on('unhandledRejection', (reason) => accidents.push(`unhandled rejection: ${describe(reason)}`));
process.on('uncaughtException', (error) => accidents.push(`uncaught exception: ${describe(error)}`));
process.on('warning', (warning) => accidents.push(`warning: ${describe(warning)}`));

/** The pool under load, and what it has gone through. */
class Service {
  readonly #pool: Pool<pg.Client>;
  readonly #ledger = new Ledger();
  readonly #load: Load;
  readonly #onEvict: (eviction: Eviction) => void;
  readonly #clients = new Set<pg.Client>();
  /** Of the connections that are gone. */
  #retransmits = 0;

  constructor({ server, pool, load, seed }: ClientSetup, onEvict: (eviction: Eviction) => void) {
    this.#onEvict = onEvict;
    this.#pool = createPool(pgFactory(server), { ...pool, logger: SILENT });
    this.#load = new Load(this.#pool, this.#ledger, new Random(seed), load);
    this.#pool.on('connect', (client) => this.#clients.add(client));
    this.#pool.on('evict', (client, reason, error) => this.#noteEviction(client, reason, error));
  }

  /** Ends by itself: for what is loaded and compiled only when it is first used, which must not look like a leak. */
  static async warmUp(setup: ClientSetup): Promise<void> {
    const trial = new Service(setup, () => {});
    await trial.fill();
    trial.start();
    await delay(WARM_UP_MILLIS);
    await trial.end();
  }

  async fill(): Promise<void> {
    const { max } = this.#pool;
    await Promise.all(
      Array.from({ length: max }, () => this.#pool.use((client) => client.query('SELECT pg_sleep(0.2)'))),
    );
  }

  start(): void {
    this.#load.start();
  }

  /** Asks again and again, until there is an answer. */
  async serves(since: number): Promise<Return> {
    const failures: string[] = [];
    for (;;) {
      const forgotten = delay(SETTLING_MILLIS, { error: 'no answer and no error' }, { ref: false });
      const { error } = await Promise.race([this.#load.request(), forgotten]);
      if (error === undefined) return { tookMillis: now() - since, failures };
      failures.push(nameOf(error));
    }
  }

  progress(): Progress {
    let retransmits = this.#retransmits;
    for (const client of this.#clients) retransmits += infoOf(client)?.totalRetransmits ?? 0;
    return { account: this.#ledger.account(), retransmits };
  }

  async end(): Promise<Progress & Pick<Finish, 'stats'>> {
    await this.#load.stop(SETTLING_MILLIS);
    const progress = this.progress();
    await this.#pool.close({ timeoutMillis: 1000 });
    return { ...progress, stats: this.#pool.stats() };
  }

  #noteEviction(client: pg.Client, reason: EvictReason, error: unknown): void {
    const info = infoOf(client);
    this.#clients.delete(client);
    this.#retransmits += info?.totalRetransmits ?? 0;
    this.#onEvict({ reason, error: error === undefined ? undefined : nameOf(error), info });
  }
}

/** pg’s types leave the connection out, whose stream is the socket. */
function infoOf(client: pg.Client): TcpInfo | undefined {
  const { connection } = client as unknown as { connection: { stream: Parameters<typeof inspect>[0] } };
  return inspect(connection.stream)?.info;
}

function describe(error: unknown): string {
  return error instanceof Error ? String(error.stack) : String(error);
}

let service: Service | undefined;
let before: Residue | undefined;

serve({
  async open(setup) {
    await Service.warmUp(setup);
    before = await measureResidue();
    service = new Service(setup, tell<Eviction>);
    await service.fill();
  },
  start: () => running().start(),
  serves: (since) => running().serves(since),
  progress: () => running().progress(),
  async finish() {
    const end = await running().end();
    service = undefined;
    if (before === undefined) throw new Error('not opened');
    return { ...end, before, after: await measureResidue(before), accidents };
  },
} satisfies ClientOperations);

function running(): Service {
  if (service === undefined) throw new Error('not opened');
  return service;
}
