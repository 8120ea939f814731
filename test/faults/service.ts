import type { Host, NodeProcess } from '@lifeguard/lab';
import { expect } from 'vitest';
import type { Cell } from './cells.js';
import type { Fault } from './fault.js';
import { IMPATIENCE_MILLIS, KERNEL_MILLIS, NOISE_MILLIS, RETURN_MILLIS, SOONEST_MILLIS, TCP } from './limits.js';
import { hear, startProgram } from './programs.js';

/** An error, as a service describes it. */
export interface Told {
  readonly code?: string | number;
  readonly name?: string;
  readonly message: string;
  readonly cause?: Told;
}

/** What those in one state were told of a fault. */
export interface Outcome {
  readonly transport: string;
  readonly state: string;
  readonly told: readonly Told[];
  readonly tookMillis: number;
  /** By which limit they have to be told: the kernel's timers, or how long a caller waits. */
  readonly by?: 'kernel' | 'patience';
  /** Connections that the pool has still counted as its own, right after. */
  readonly held?: number;
  /** How long after its first step the service has heard of the fault, from when on it measures. */
  readonly lateMillis: number;
}

interface Suffered {
  /** When the service was told of the fault, by `monotonicMillis`. */
  readonly heardAt: number;
  readonly outcomes: readonly Omit<Outcome, 'lateMillis'>[];
  readonly stockIsStuck: boolean;
}

/** What those in one state saw after the healing. */
interface Recovery {
  readonly answer: unknown;
  readonly tookMillis: number;
  /** For how much of it the service was ready to run, and had no processor. */
  readonly starvedMillis: number;
  /** Whether a connection was lent again that stood before the fault. */
  readonly lentAgain?: boolean;
}

interface End {
  readonly recoveries: readonly Recovery[];
  /** Sockets that stood before the fault and are still open. */
  readonly oldSockets?: number;
  /** Sockets that the kernel still has, when all is closed. */
  readonly socketsLeft: number;
}

/** When somebody can be told at the soonest, and has to be at the latest, in milliseconds from when the service has heard of the fault. */
export type Bounds = readonly [soonest: number, latest: number];

/** What an adapter promises. */
export interface Promises {
  /** Sockets of the service that are open and hardened, when the fault comes. */
  readonly sockets: number;
  /** How many are told in each state, if there are as many in all. */
  readonly callers?: number;
  /** Expects of an error that somebody in this state may be told it. */
  expectError(fault: Fault, state: string, told: Told, cell: string): void;
  /** Default: `usualBounds`. */
  bounds?(fault: Fault, outcome: Outcome): Bounds;
}

/** What a busy machine may add through the server. What it adds through the service itself, the kernel tells. */
const SERVER_NOISE_MILLIS = 1000;

/** As in `service.mjs`: the clock that all processes of the machine have in common. */
export function monotonicMillis(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export const IMPATIENT: Bounds = [IMPATIENCE_MILLIS - 50, IMPATIENCE_MILLIS];

/** Who connects waits for as long as he likes; whoever has a connection is told by the kernel. */
export function usualBounds({ silent }: Fault, { state, lateMillis }: Pick<Outcome, 'state' | 'lateMillis'>): Bounds {
  if (state.endsWith('connecting')) return IMPATIENT;
  // A host is silent as soon as it has no NIC, and has no power once its processes have ended.
  return silent ? [SOONEST_MILLIS - lateMillis, KERNEL_MILLIS] : [-1, 0];
}

/** A program on a host that has clients of an adapter in every state, plain and over TLS: the other side of `row.mjs`. */
export class Service {
  readonly #promises: Promises;
  readonly #process: NodeProcess;
  #outcomes: readonly Outcome[] = [];

  private constructor(promises: Promises, process: NodeProcess) {
    this.#promises = promises;
    this.#process = process;
  }

  /**
   * Settles when all its clients are in their states.
   * @param access where the servers are, and how one logs in
   */
  static async start(host: Host, program: URL, access: object, promises: Promises): Promise<Service> {
    const { sockets } = promises;
    const config = {
      ...access,
      tcp: TCP,
      sockets,
      patienceMillis: KERNEL_MILLIS + NOISE_MILLIS,
      impatienceMillis: IMPATIENCE_MILLIS,
    };
    const process = await startProgram(host, program, config);
    const { options } = await hear<{ options: readonly unknown[] }>(process);
    expect(options).toEqual(Array(sockets).fill(TCP));
    return new Service(promises, process);
  }

  /**
   * Right after the fault: expects that everybody is told, in time.
   * @param beganAt when the fault's first step was taken, by `monotonicMillis`
   */
  async expectTold(fault: Fault, beganAt: number): Promise<void> {
    this.#process.send('fault');
    const { heardAt, outcomes, stockIsStuck } = await hear<Suffered>(this.#process);
    const lateMillis = heardAt - beganAt;
    this.#outcomes = outcomes.map((outcome) => ({ ...outcome, told: [outcome.told].flat(), lateMillis }));
    for (const outcome of this.#outcomes) this.#expectTold(fault, outcome);
    expect(stockIsStuck, fault.name).toBe(fault.silent);
  }

  #expectTold(fault: Fault, outcome: Outcome): void {
    const { callers, expectError, bounds = usualBounds } = this.#promises;
    const { told, state, tookMillis, held = 0 } = outcome;
    const cell = nameOf(fault, outcome);
    if (callers !== undefined) expect(told, cell).toHaveLength(callers);
    for (const each of told) {
      // In a word: that it was answered, or that it still waits.
      if (typeof each === 'string') expect.fail(`${cell}: ${each}`);
      expectError(fault, state, each, cell);
    }
    const [soonest, latest] = bounds(fault, outcome);
    expect(tookMillis, cell).toBeGreaterThan(soonest);
    expect(tookMillis, cell).toBeLessThan(latest + NOISE_MILLIS);
    expect(held, cell).toBe(0);
  }

  /** Right after the healing: expects that all are served again, and that the service ends with nothing left. */
  async expectServed(fault: Fault): Promise<readonly Cell[]> {
    this.#process.send('heal');
    const { recoveries, oldSockets = 0, socketsLeft } = await hear<End>(this.#process);
    const cells = this.#outcomes.map((outcome, index) => expectServed(fault, outcome, recoveries[index]));
    expect({ oldSockets, socketsLeft }, fault.name).toEqual({ oldSockets: 0, socketsLeft: 0 });
    await expect(this.#process.exited).resolves.toMatchObject({ code: 0 });
    return cells;
  }
}

function expectServed(fault: Fault, outcome: Outcome, recovery: Recovery | undefined): Cell {
  const { state, transport, told, tookMillis } = outcome;
  const cell = nameOf(fault, outcome);
  expect(recovery, cell).toMatchObject({ answer: 'answered' });
  const { lentAgain = false, tookMillis: servedMillis = Number.NaN, starvedMillis = 0 } = recovery ?? {};
  expect(servedMillis - starvedMillis, cell).toBeLessThan(RETURN_MILLIS + SERVER_NOISE_MILLIS);
  expect(lentAgain, cell).toBe(false);
  return { fault: fault.name, state, transport, told: told.map(wordOf), toldMillis: tookMillis, servedMillis };
}

function nameOf({ name }: Fault, { state, transport }: Outcome): string {
  return `${name}, ${state}, ${transport}`;
}

/** A driver or a pool may wrap the error of the network into one of its own. */
export function rootOf(told: Told): Told {
  return told.cause ? rootOf(told.cause) : told;
}

function wordOf(told: Told): string {
  const { code, name = 'Error', message } = rootOf(told);
  if (typeof code === 'string') return code;
  return name === 'Error' ? message : name;
}
