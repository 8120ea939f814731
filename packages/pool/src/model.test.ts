/**
 * Random programs against the model: after each turn of the event loop the pool looks as the model does. Time, chance
 * and the factory's answers are under the test's control, so a program always runs the same way.
 *
 * `SEED` sets the seed and `RUNS` the number of programs. A failure prints `path` and `replayPath`, which repeat it:
 * `SEED=… FC_PATH=… FC_REPLAY=…`. The connections here have no sockets: what the kernel says of one is in other tests.
 */
import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { silentLogger as logger } from './logger.fixture.js';
import { type ConnectFailure, type Death, Model, type ModelOptions, type Report } from './model.fixture.js';
import { createPool, type Pool } from './pool.js';

const { SEED = `${Date.now() % 2 ** 31}`, RUNS = '1000', FC_PATH, FC_REPLAY } = process.env;

/** Lets everything happen that waits for nothing but promises. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

class Resource extends EventEmitter {
  readonly id: number;

  constructor(id: number) {
    super();
    this.id = id;
  }
}

/** A pool, the factory under it and its borrowers; with the face of the model. */
class Real {
  readonly #pool: Pool<Resource>;
  /** Answer the connects, by number. */
  readonly #answers: ((failure?: ConnectFailure) => void)[] = [];
  /** By number, whether or not they have come into being. */
  readonly #resources: Resource[] = [];
  readonly #alive = new Set<Resource>();
  readonly #aborts: AbortController[] = [];
  readonly #borrowers: string[] = [];
  readonly #returned: string[] = [];
  readonly #ended: string[] = [];
  #errors = 0;

  constructor(options: ModelOptions) {
    this.#pool = createPool(
      {
        create: () => this.#create(),
        destroy: (resource) => {
          if (!this.#alive.delete(resource)) this.#ended.push(`destroyed ${resource.id} twice`);
        },
        isPermanent: (error) => outcomeOf(error) === 'permanent',
        isCallersFault: (error) => outcomeOf(error) === 'hook',
      },
      { ...options, acquireTimeoutMillis: 0, logger },
    );
    this.#pool.on('error', () => {
      this.#errors += 1;
    });
  }

  acquire(priority: number, timeoutMillis: number): void {
    const abort = new AbortController();
    this.#aborts.push(abort);
    const acquired = this.#pool.acquire({ priority, timeoutMillis, signal: abort.signal });
    note(
      this.#borrowers,
      acquired.then(({ id }) => `has ${id}`),
    );
  }

  abort(borrower: number): void {
    this.#aborts[borrower]?.abort(new Error('aborted'));
  }

  release(id: number, failure?: 'harmless' | 'reset'): void {
    note(this.#returned, this.#pool.release(this.#resource(id), failure && errorOf(failure)));
  }

  destroy(id: number): void {
    note(this.#returned, this.#pool.destroy(this.#resource(id)));
  }

  clear(): void {
    void this.#pool.clear();
  }

  drain(timeoutMillis: number): void {
    note(this.#ended, this.#pool.drain({ timeoutMillis }));
  }

  close(timeoutMillis: number): void {
    note(this.#ended, this.#pool.close({ timeoutMillis }));
  }

  answer(id: number, failure?: ConnectFailure): void {
    this.#answers[id]?.(failure);
  }

  die(id: number, death: Death): void {
    const resource = this.#resource(id);
    if (death === 'peer-closed') resource.emit('end');
    else if (death === 'socket-closed') resource.emit('close');
    else resource.emit('error', errorOf(death));
  }

  /** Every timer that comes due meanwhile finds settled what came before it. */
  async pass(millis: number): Promise<void> {
    let over = false;
    setTimeout(() => {
      over = true;
    }, millis);
    while (!over) {
      vi.advanceTimersToNextTimer();
      await settle();
    }
  }

  get report(): Report {
    const { size, available, borrowed, pending, spareResourceCapacity } = this.#pool;
    return {
      size,
      available,
      borrowed,
      pending,
      spareResourceCapacity,
      connections: this.#pool.connections().map(({ place, uses }) => ({ place, uses })),
      stats: this.#pool.stats(),
      connects: this.#answers.length,
      alive: Array.from(this.#alive, ({ id }) => id),
      borrowers: this.#borrowers,
      returned: this.#returned,
      ended: this.#ended,
      errors: this.#errors,
    };
  }

  #resource(id: number): Resource {
    return this.#resources[id] ?? new Resource(id);
  }

  #create(): Promise<Resource> {
    const resource = new Resource(this.#answers.length);
    this.#resources.push(resource);
    return new Promise((resolve, reject) => {
      this.#answers.push((failure) => {
        if (failure) return reject(errorOf(failure));
        this.#alive.add(resource);
        resolve(resource);
      });
    });
  }
}

const CODES: Readonly<Record<string, string>> = {
  refused: 'ECONNREFUSED',
  reset: 'ECONNRESET',
  'timed-out': 'ETIMEDOUT',
};

function errorOf(name: string): Error {
  return Object.assign(new Error(name), { code: CODES[name] });
}

function outcomeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** Writes down what comes of it, in the place of its beginning. */
function note(outcomes: string[], promise: Promise<unknown>): void {
  const index = outcomes.push('waits') - 1;
  const write = (outcome: string) => {
    outcomes[index] = outcome;
  };
  promise.then(
    (outcome) => write(typeof outcome === 'string' ? outcome : 'done'),
    (error: unknown) => write(outcomeOf(error)),
  );
}

/** One thing that happens. `which` of several is meant is taken modulo how many there are. */
type Act =
  | { readonly do: 'acquire'; readonly priority: number; readonly timeoutMillis: number }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'release'; readonly of: Kind; readonly which: number; readonly error?: 'harmless' | 'reset' }
  | { readonly do: 'destroy'; readonly of: Kind; readonly which: number }
  | { readonly do: 'clear' }
  | { readonly do: 'drain' | 'close'; readonly timeoutMillis: number }
  | { readonly do: 'answer'; readonly which: number; readonly failure?: ConnectFailure }
  | { readonly do: 'die'; readonly of: Kind; readonly which: number; readonly death: Death };

type Kind = 'lent' | 'idle' | 'ever';

/** What an act does to the model, and to the real pool. `undefined` if there is nothing to do it to. */
function effectOf(act: Act, model: Model): ((pool: Model | Real) => void) | undefined {
  const pick = (ids: readonly number[]) => ids['which' in act ? act.which % ids.length : 0];
  switch (act.do) {
    case 'acquire':
      return (pool) => pool.acquire(act.priority, act.timeoutMillis);
    case 'abort':
      return on(pick([...model.report.borrowers.keys()]), (id, pool) => pool.abort(id));
    case 'release':
      return on(pick(model[act.of]), (id, pool) => pool.release(id, act.error));
    case 'destroy':
      return on(pick(model[act.of]), (id, pool) => pool.destroy(id));
    case 'clear':
      return (pool) => pool.clear();
    case 'drain':
      return (pool) => pool.drain(act.timeoutMillis);
    case 'close':
      return (pool) => pool.close(act.timeoutMillis);
    case 'answer':
      return on(pick(model.answerable), (id, pool) => pool.answer(id, act.failure));
    case 'die':
      return on(pick(model[act.of]), (id, pool) => pool.die(id, act.death));
  }
}

function on(id: number | undefined, effect: (id: number, pool: Model | Real) => void) {
  return id === undefined ? undefined : (pool: Model | Real) => effect(id, pool);
}

/** Acts in one turn of the event loop: each comes before what the others bring about by promises. */
class Turn implements fc.AsyncCommand<Model, Real> {
  readonly #acts: readonly Act[];

  constructor(acts: readonly Act[]) {
    this.#acts = acts;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    for (const act of this.#acts) {
      const effect = effectOf(act, model);
      effect?.(model);
      effect?.(real);
    }
    await settle();
    model.settle(real.report.connects);
    expect(real.report).toEqual(model.report);
  }

  toString(): string {
    return this.#acts.map((act) => JSON.stringify(act)).join(' + ');
  }
}

class TimePasses implements fc.AsyncCommand<Model, Real> {
  readonly #millis: number;

  constructor(millis: number) {
    this.#millis = millis;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    model.pass(this.#millis);
    await real.pass(this.#millis);
    expect(real.report).toEqual(model.report);
  }

  toString(): string {
    return `${this.#millis} ms`;
  }
}

// Programs act at whole tenths of a second, and no two limits end in the same millisecond, nor in the hundredth by which
// a pool may be late: which comes first then, nobody has promised.
const passing = fc.constantFrom(100, 200, 600, 1500);
const acquireTimeoutMillis = fc.constantFrom(0, 0, 103, 403, 1003);
const endTimeoutMillis = fc.constantFrom(161, 561);
const CONNECT_TIMEOUT_MILLIS = 857;

const which = fc.nat({ max: 1000 });
const act: fc.Arbitrary<Act> = fc.oneof(
  often(60, {
    do: fc.constant('acquire'),
    priority: fc.nat({ max: 2 }),
    timeoutMillis: acquireTimeoutMillis,
  }),
  often(10, { do: fc.constant('abort'), which }),
  often(50, { do: fc.constant('release'), of: fc.constant('lent'), which }),
  often(5, {
    do: fc.constant('release'),
    of: fc.constantFrom('lent', 'ever'),
    which,
    error: fc.constantFrom('harmless', 'reset'),
  }),
  often(8, { do: fc.constant('destroy'), of: fc.constantFrom('lent', 'idle', 'ever'), which }),
  often(70, { do: fc.constant('answer'), which }),
  often(10, {
    do: fc.constant('answer'),
    which,
    failure: fc.constantFrom('refused', 'declined', 'permanent', 'hook'),
  }),
  often(10, {
    do: fc.constant('die'),
    of: fc.constantFrom('lent', 'idle'),
    which,
    death: fc.constantFrom('reset', 'timed-out', 'fatal-error', 'peer-closed', 'socket-closed'),
  }),
  often(1, { do: fc.constantFrom('drain', 'close'), timeoutMillis: endTimeoutMillis }),
);

function often<A extends Act>(weight: number, fields: { [F in keyof A]: fc.Arbitrary<A[F]> }) {
  return { weight, arbitrary: fc.record(fields) as fc.Arbitrary<Act> };
}

// First in its turn: of what generation a connect is that is begun in a turn with a `clear`, nobody has promised.
const clear = fc.constantFrom<Act[]>(...Array(20).fill([]), [{ do: 'clear' }]);
const turn = fc
  .tuple(clear, fc.array(act, { minLength: 1, maxLength: 4 }))
  .map(([first, acts]) => new Turn([...first, ...acts]));
const programs = fc.commands<Model, Real, false>(
  [turn, turn, turn, turn, passing.map((millis) => new TimePasses(millis))],
  { maxCommands: 50, size: 'max', ...(FC_REPLAY && { replayPath: FC_REPLAY }) },
);

const options: fc.Arbitrary<ModelOptions> = fc
  .record({
    min: fc.constantFrom(0, 0, 1, 3),
    max: fc.integer({ min: 1, max: 4 }),
    fifo: fc.boolean(),
    priorityRange: fc.constantFrom(1, 3),
    maxConnecting: fc.integer({ min: 1, max: 3 }),
    maxWaitingClients: fc.constantFrom(Number.POSITIVE_INFINITY, 2),
    maxUses: fc.constantFrom(Number.POSITIVE_INFINITY, 2),
    connectTimeoutMillis: fc.constant(CONNECT_TIMEOUT_MILLIS),
    maxLifetimeMillis: fc.constantFrom(0, 1000),
    idleTimeoutMillis: fc.constantFrom(0, 400),
  })
  .map((all) => ({
    ...all,
    min: Math.min(all.min, all.max),
    idleTimeoutMillis: all.min > 0 ? 0 : all.idleTimeoutMillis,
  }));

/** The last act: the pool is closed, and connects are answered too late. */
async function end(model: Model, real: Real): Promise<void> {
  await new Turn([{ do: 'close', timeoutMillis: 561 }]).run(model, real);
  await new TimePasses(1500).run(model, real);
  while (model.answerable.length > 0) await new Turn([{ do: 'answer', which: 0 }]).run(model, real);
  expect([...real.report.borrowers, ...real.report.ended]).not.toContain('waits');
  expect(real.report.alive).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
}

test('whatever happens, in whatever order, the pool is as the model says', {
  timeout: Number(RUNS) * 100,
}, async () => {
  const seed = Number(SEED);
  console.log(`SEED=${seed} RUNS=${RUNS}`);
  const property = fc.asyncProperty(options, programs, async (options, program) => {
    vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    // No jitter.
    vi.spyOn(Math, 'random').mockReturnValue(0);
    try {
      const model = new Model(options);
      const real = new Real(options);
      await fc.asyncModelRun(() => ({ model, real }), program);
      await end(model, real);
    } finally {
      vi.restoreAllMocks();
      vi.useRealTimers();
    }
  });
  await fc.assert(property, { seed, numRuns: Number(RUNS), ...(FC_PATH && { path: FC_PATH }) });
});
