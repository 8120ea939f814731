import { setTimeout as delay } from 'node:timers/promises';
import type { ClientSetup, Finish } from './client.js';
import { now } from './clock.js';
import { type Fault, faults } from './deck.js';
import { examine, type Finding } from './findings.js';
import { formatCounts } from './ledger.js';
import { Random } from './random.js';
import { openStage, type Stage } from './stage.js';
import { untilNoConnections } from './until-no-connections.js';

export interface FaultsOptions {
  readonly faults: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** Of the faults of one kind: how soon after the end of each a caller who came then had an answer. */
export interface Returns {
  readonly faults: number;
  readonly medianMillis: number;
  readonly slowestMillis: number;
}

export interface FaultsReport extends Finish {
  readonly seconds: number;
  readonly returns: Readonly<Record<string, Returns>>;
  /** How many connections left the pool, by reason. */
  readonly evicted: Readonly<Record<string, number>>;
  readonly serverConnections: number;
  readonly findings: readonly Finding[];
}

/** After a fault is over. */
const RETURN_MILLIS = 1000;
const PROGRESS_MILLIS = 10_000;

/** By these the kernel gives up within 3.5 s, which half of the cuts outlast. */
const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 1000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 2,
  userTimeoutMillis: 2000,
};

const SETUP: Pick<ClientSetup, 'pool' | 'load'> = {
  pool: { max: 10, tcp: TCP },
  load: {
    tides: [
      { borrowers: 24, millis: 2000 },
      { borrowers: 8, millis: 1500 },
      { borrowers: 2, millis: 1000 },
      { borrowers: 0, millis: 1500 },
    ],
    pauseMillis: 100,
    slow: { oneIn: 20, seconds: 0.3 },
    impatient: { oneIn: 5, millis: 1000 },
  },
};

/**
 * A pool under load while one fault follows the other. After each it must serve again within a second, and at the end
 * nothing may be left of all of them.
 *
 * @throws LabUnavailableError where no lab can be made
 */
export async function soakInFaults({ faults: count, seed, say }: FaultsOptions): Promise<FaultsReport> {
  const evicted: Record<string, number> = {};
  const stage = await openStage(({ reason }) => {
    evicted[reason] = (evicted[reason] ?? 0) + 1;
  });
  try {
    const { client, server, observer } = stage;
    await client.call('open', { server, ...SETUP, seed });
    await client.call('start');
    const startedAt = now();
    const series = new Series(count, say);
    for (const fault of faults(count, new Random(seed))) {
      await series.live(stage, fault);
      await series.tellNowAndThen(stage);
    }
    const seconds = (now() - startedAt) / 1000;
    const end = await client.call('finish');
    const serverConnections = await untilNoConnections(observer);
    const findings = [...series.findings, ...examine(end, serverConnections)];
    return { seconds, ...end, returns: series.returns(), evicted, serverConnections, findings };
  } finally {
    await stage.close();
  }
}

/** The faults so far. */
class Series {
  readonly findings: Finding[] = [];
  readonly #count: number;
  readonly #say: (line: string) => void;
  readonly #millis = new Map<string, number[]>();
  #lived = 0;
  #slowest = 0;
  #toldAt = now();

  constructor(count: number, say: (line: string) => void) {
    this.#count = count;
    this.#say = say;
  }

  async live(stage: Stage, fault: Fault): Promise<void> {
    await delay(fault.comesAfterMillis);
    await fault.apply(stage);
    await delay(fault.lastsMillis);
    await fault.heal(stage);
    const { tookMillis, failures } = await stage.client.call('serves', now());
    this.#note(fault, tookMillis, failures);
  }

  async tellNowAndThen({ client }: Stage): Promise<void> {
    if (this.#lived < this.#count && now() < this.#toldAt + PROGRESS_MILLIS) return;
    this.#toldAt = now();
    const { account } = await client.call('progress');
    const line = [
      `${this.#lived} of ${this.#count}`,
      `slowest return ${Math.round(this.#slowest)} ms`,
      `${account.answered.toLocaleString('en')} right answers`,
      `${account.wrong} wrong`,
      `failed in faults: ${formatCounts(account.failed)}`,
      `${account.pending} pending`,
      `longest ${(account.longest.millis / 1000).toFixed(1)} s (${account.longest.outcome})`,
    ].join(', ');
    this.#say(`faults: ${line}`);
  }

  returns(): Record<string, Returns> {
    return Object.fromEntries([...this.#millis].map(([name, millis]) => [name, summarize(millis)]));
  }

  #note({ name, lastsMillis }: Fault, tookMillis: number, failures: readonly string[]): void {
    this.#lived += 1;
    this.#slowest = Math.max(this.#slowest, tookMillis);
    this.#millis.set(name, [...(this.#millis.get(name) ?? []), tookMillis]);
    if (tookMillis <= RETURN_MILLIS) return;
    const before = failures.length > 0 ? `, after ${failures.join(', ')}` : '';
    const found = `fault ${this.#lived} (${name}, for ${Math.round(lastsMillis)} ms): ${Math.round(tookMillis)} ms${before}`;
    this.findings.push({ promise: 'the pool serves again', found });
    this.#say(`faults: too late: ${found}`);
  }
}

function summarize(millis: readonly number[]): Returns {
  const sorted = [...millis].sort((one, other) => one - other);
  return {
    faults: sorted.length,
    medianMillis: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    slowestMillis: Math.round(sorted.at(-1) ?? 0),
  };
}
