// Leases without end by borrowers who come and go, lose patience, change their minds, fail and clear the pool, on
// connections over loopback that a server ends at random: see USAGE.
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type AcquireOptions, createPool, type Factory, type Pool, type PoolStats } from '@lifeguard/pool';
import { EchoConnection, EchoServer } from './echo.js';
import { nameOf } from './ledger.js';
import { anySeed, Random } from './random.js';
import { measureResidue, type Residue } from './residue.js';

const USAGE = `Usage: node test/soak/dist/stress.js [options]

Lends connections over loopback, which a server ends at random, to 200 borrowers who come and go, lose patience, change
their minds, fail and clear the pool. Prints what it has seen as one JSON object on stdout.

Options:
  --leases <n>   how many, default 1000000
  --seed <n>     of all that is chosen at random here. Default: any, printed
  --help         print this
`;

export interface StressReport {
  readonly seed: number;
  readonly seconds: number;
  readonly leases: number;
  /** How often each way to lose a connection, or not to get one, was gone. */
  readonly events: Readonly<Record<string, number>>;
  readonly stats: PoolStats;
  /** What must not be, such as a connection that two have borrowed. */
  readonly wrong: readonly string[];
  readonly before: Residue;
  readonly after: Residue;
}

const BORROWERS = 200;
const WARM_UP_LEASES = 50_000;
/** Between two changes of the number of borrowers at work. */
const TIDE_TRIES = 10_000;
const CONNECTIONS = 20;
const PRIORITIES = 3;
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Of so many leases, connects and so on, one. */
const ONE_IN = {
  question: 30,
  turn: 10,
  nap: 500,
  impatient: 25,
  abort: 25,
  borrowerFails: 400,
  destroyed: 500,
  cleared: 20_000,
  connectFails: 500,
  resetFails: 2000,
  closedInOrder: 4,
  destroyFails: 20,
};

/** The borrowers of one pool. */
class Stress {
  readonly wrong: string[] = [];
  readonly events: Record<string, number> = {};
  readonly #pool: Pool<EchoConnection>;
  readonly #random: Random;
  readonly #wanted: number;
  readonly #held = new Set<EchoConnection>();
  #tries = 0;
  #leases = 0;
  #atWork = BORROWERS;

  constructor(port: number, random: Random, leases: number) {
    this.#random = random;
    this.#wanted = leases;
    this.#pool = createPool(this.#factory(port), {
      max: CONNECTIONS,
      min: 2,
      priorityRange: PRIORITIES,
      maxUses: 5000,
      idleTimeoutMillis: 50,
      logger: SILENT,
    });
  }

  /** @returns what the pool counted */
  async run(): Promise<PoolStats> {
    await Promise.all(Array.from({ length: BORROWERS }, (_, borrower) => this.#borrow(borrower)));
    if (this.#pool.pending + this.#pool.borrowed > 0) this.wrong.push('not all is given back');
    await this.#pool.close();
    const stats = this.#pool.stats();
    if (stats.acquired !== this.#leases) this.wrong.push(`${stats.acquired} acquired, ${this.#leases} got`);
    if (stats.created !== stats.destroyed) this.wrong.push(`${stats.created} created, ${stats.destroyed} destroyed`);
    return stats;
  }

  #factory(port: number): Factory<EchoConnection> {
    return {
      create: async () => {
        const connection = await EchoConnection.open(port);
        if (!this.#happens('connectFails')) return connection;
        await connection.close('reset');
        throw Object.assign(new Error('the server declines'), { code: 'DECLINED' });
      },
      destroy: async (connection) => {
        await connection.close(this.#random.oneIn(ONE_IN.closedInOrder) ? 'in order' : 'reset');
        if (this.#happens('destroyFails')) throw new Error('destroy fails');
      },
      reset: () => {
        if (this.#happens('resetFails')) throw new Error('reset fails');
      },
    };
  }

  async #borrow(borrower: number): Promise<void> {
    while (this.#leases < this.#wanted) {
      if (borrower >= this.#atWork) {
        await delay(1);
        continue;
      }
      this.#tries += 1;
      if (this.#tries % TIDE_TRIES === 0) this.#atWork = this.#random.integer(1, BORROWERS);
      if (this.#happens('cleared')) void this.#pool.clear();
      try {
        await this.#lease();
      } catch (error) {
        this.#count(nameOf(error));
      }
    }
  }

  #lease(): Promise<void> {
    const way = this.#random.integer(1, 4);
    if (way === 1) return this.#pool.use((connection) => this.#hold(connection), this.#wishes());
    return way === 2 ? this.#byLease() : this.#byHand();
  }

  async #byLease(): Promise<void> {
    await using lease = await this.#pool.lease(this.#wishes());
    await this.#hold(lease.connection);
  }

  async #byHand(): Promise<void> {
    const connection = await this.#pool.acquire(this.#wishes());
    try {
      await this.#hold(connection);
    } catch (error) {
      await this.#pool.release(connection, error);
      throw error;
    }
    if (this.#happens('destroyed')) await this.#pool.destroy(connection);
    else await this.#pool.release(connection);
  }

  #wishes(): AcquireOptions {
    const priority = this.#random.integer(0, PRIORITIES - 1);
    if (this.#happens('impatient')) return { priority, timeoutMillis: this.#random.integer(1, 3) };
    return this.#happens('abort') ? { priority, signal: this.#signal() } : { priority };
  }

  #signal(): AbortSignal {
    const controller = new AbortController();
    void setImmediate().then(() => controller.abort(new Error('aborted')));
    return controller.signal;
  }

  async #hold(connection: EchoConnection): Promise<void> {
    this.#leases += 1;
    if (this.#held.has(connection)) this.wrong.push('lent to two borrowers');
    this.#held.add(connection);
    try {
      await this.#work(connection);
    } finally {
      this.#held.delete(connection);
    }
  }

  async #work(connection: EchoConnection): Promise<void> {
    if (this.#random.oneIn(ONE_IN.question)) await this.#ask(connection);
    if (this.#random.oneIn(ONE_IN.turn)) await setImmediate();
    if (this.#random.oneIn(ONE_IN.nap)) await delay(1);
    if (this.#happens('borrowerFails')) throw new Error('borrower fails');
  }

  async #ask(connection: EchoConnection): Promise<void> {
    const question = `lease ${this.#leases}`;
    const answer = await connection.ask(question);
    if (answer !== question) this.wrong.push(`asked ${question}, heard ${answer}`);
  }

  #happens(event: keyof typeof ONE_IN): boolean {
    const happens = this.#random.oneIn(ONE_IN[event]);
    if (happens) this.#count(event);
    return happens;
  }

  #count(event: string): void {
    this.events[event] = (this.events[event] ?? 0) + 1;
  }
}

async function stress(leases: number, seed: number): Promise<StressReport> {
  const random = new Random(seed);
  const server = new EchoServer(random);
  const port = await server.listen();
  // What is compiled when it is first used must not look like a leak.
  await new Stress(port, random, Math.min(leases, WARM_UP_LEASES)).run();
  const before = await measureResidue();
  const startedAt = performance.now();
  const run = new Stress(port, random, leases);
  const stats = await run.run();
  const seconds = (performance.now() - startedAt) / 1000;
  const { wrong, events } = run;
  const after = await measureResidue(before);
  if (server.connections > 0) wrong.push(`the server still has ${server.connections} connections`);
  await server.close();
  return { seed, seconds, leases: stats.acquired, events, stats, wrong, before, after };
}

const { values } = parseArgs({
  options: {
    leases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(anySeed()) },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit();
}
process.stderr.write(`seed ${values.seed}\n`);
const report = await stress(Number(values.leases), Number(values.seed));
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
