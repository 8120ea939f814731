import type { TcpOptions } from '@lifeguard/tcp';
import Table from 'cli-table3';
import type { Driver } from './drivers/driver.js';
import { DRIVERS, type DriverName } from './drivers/drivers.js';
import { SCENARIOS, type ScenarioName } from './scenarios.js';
import type { StockWaits } from './stock-waits.js';
import { type Measures, STUCK_AFTER_MILLIS } from './tally.js';

/** What was seen of one of the two. */
export interface PoolReport extends Measures {
  readonly name: string;
  /** Of one of its sockets, read back from the kernel. What this platform can't read is left out. */
  readonly tcp: Readonly<Partial<TcpOptions>>;
}

/** What `lifeguard blackout --json` prints. */
export interface BlackoutReport {
  /** `'no-fault'`: no lab could be made, so the workload ran and nothing was cut. */
  readonly scenario: ScenarioName | 'no-fault';
  /** Why there was no fault. */
  readonly reason?: string;
  readonly driver: DriverName;
  /** How long the fault lasted. 0 without one. */
  readonly cutSeconds: number;
  /** Lifeguard's, see `PoolReport`. */
  readonly tcp: Readonly<Partial<TcpOptions>>;
  /** The driver as it comes, then Lifeguard's. */
  readonly pools: readonly PoolReport[];
  /**
   * What the driver as it comes would have waited, by its kernel, had nobody ended the fault: computed, not measured. `null` outside
   * Linux, and where the scenario is not one of packets lost.
   */
  readonly computed: StockWaits | null;
}

/** The report for people. */
export function formatReport(report: BlackoutReport): string {
  const parts = report.scenario === 'no-fault' ? withoutFault(report) : withFault(report);
  return parts.join('\n\n');
}

function withoutFault({ reason, driver, pools }: BlackoutReport): string[] {
  return [noFault(reason), formatTable(pools, countsOf(DRIVERS[driver])), formatOptions(pools)];
}

/** Why nothing was broken. */
export function noFault(reason = ''): string {
  return `No cable was cut, for no lab can be made here: ${reason}`;
}

function withFault({ scenario, driver, cutSeconds, pools, computed }: BlackoutReport): string[] {
  const { words, terms } = DRIVERS[driver];
  return [
    `${sentenceOf(scenario, words.server, cutSeconds)} Measured:`,
    formatTable(pools, [...waitsOf(scenario), ...countsOf(DRIVERS[driver])]),
    `Stuck is what has neither an answer nor an error after ${seconds(STUCK_AFTER_MILLIS)}.\n${terms}`,
    formatOptions(pools),
    ...(computed && pools[0] ? [formatComputed(computed, driver, pools[0])] : []),
  ];
}

/** What has been. */
export function sentenceOf(scenario: BlackoutReport['scenario'], server: string, cutSeconds: number): string {
  if (scenario === 'no-fault') return '';
  return SCENARIOS[scenario].past.replaceAll('{server}', server).replace('{for}', `${cutSeconds} s`);
}

export type Row = readonly [title: string, cell: (pool: PoolReport) => string];

export function waitsOf(scenario: BlackoutReport['scenario']): Row[] {
  const fault = scenario === 'silent-cut' ? 'cut' : 'fault';
  return [
    ['longest wait', (pool) => seconds(pool.longestWaitMillis)],
    [`from the ${fault} to the first error`, (pool) => secondsOrNone(pool.firstErrorAfterCutMillis)],
    [`stuck at the end of the ${fault}`, (pool) => String(pool.stuckAtHeal)],
    ['from healing to the first answer', (pool) => secondsOrNone(pool.firstAnswerAfterHealMillis)],
  ];
}

export function countsOf({ words }: Pick<Driver, 'words'>): Row[] {
  return [
    [`${words.requests} sent`, (pool) => String(pool.sent)],
    ['answered', (pool) => String(pool.answered)],
    ['failed', (pool) => [pool.failed, ...Object.entries(pool.errors).map(([code, n]) => `${n} ${code}`)].join('\n')],
    ['neither, when the run ended', (pool) => String(pool.sent - pool.answered - pool.failed)],
  ];
}

function formatTable(pools: readonly PoolReport[], rows: readonly Row[]): string {
  const table = new Table({
    head: ['', ...pools.map(({ name }) => name)],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const [title, cell] of rows) table.push([title, ...pools.map(cell)]);
  return table.toString();
}

export const OPTION_NAMES = [
  'keepAlive',
  'keepAliveIdleMillis',
  'keepAliveIntervalMillis',
  'keepAliveCount',
  'userTimeoutMillis',
] as const satisfies readonly (keyof TcpOptions)[];

function formatOptions(pools: readonly PoolReport[]): string {
  const widest = Math.max(14, ...pools.map(({ name }) => name.length + 1));
  const lines = pools.map(({ name, tcp }) => `  ${name.padEnd(widest)} ${describeOptions(tcp)}`);
  return ['Options of one of their sockets, read back from the kernel:', ...lines].join('\n');
}

function describeOptions(tcp: Readonly<Partial<TcpOptions>>): string {
  const known = OPTION_NAMES.filter((name) => tcp[name] !== undefined).map((name) => `${name} ${tcp[name]}`);
  return known.length > 0 ? known.join(', ') : 'this platform does not tell';
}

export function formatComputed(waits: StockWaits, driver: DriverName, { name, tcp }: PoolReport): string {
  const { sysctls, sendingMillis } = waits;
  return [
    ...(driver === 'pg'
      ? [
          `Computed, not measured: had nobody healed the cable, a query on ${name} would have waited, by this machine’s sysctls,`,
        ]
      : [
          `Computed, not measured: had nobody healed it, and had ${name} no timeout of its own, its kernel would have let a request`,
          'wait, by this machine’s sysctls,',
        ]),
    `  ${seconds(sendingMillis)} or more, if it was being sent (tcp_retries2 ${sysctls.tcp_retries2})`,
    ...(tcp.keepAlive ? [byItsKeepAlive(name, tcp)] : withoutKeepAlive(name, waits)),
  ].join('\n');
}

function byItsKeepAlive(name: string, tcp: Readonly<Partial<TcpOptions>>): string {
  const { keepAliveIdleMillis: idle = 0, keepAliveIntervalMillis: interval = 0, keepAliveCount: count = 0 } = tcp;
  return (
    `  ${seconds(idle + interval * count)}, if the server had received it, by the keepalive that ${name} turns on ` +
    `(after ${seconds(idle)}, then ${count} of ${seconds(interval)})`
  );
}

function withoutKeepAlive(name: string, { sysctls, waitingWithKeepAliveMillis }: StockWaits): string[] {
  const { tcp_keepalive_time, tcp_keepalive_intvl, tcp_keepalive_probes } = sysctls;
  return [
    `  for ever, if the server had received it, for ${name} does not turn keepalive on by itself`,
    `  ${seconds(waitingWithKeepAliveMillis)}, if the server had received it, with \`keepAlive: true\` (tcp_keepalive_time ` +
      `${tcp_keepalive_time}, _intvl ${tcp_keepalive_intvl}, _probes ${tcp_keepalive_probes})`,
  ];
}

export function seconds(millis: number): string {
  return `${(millis / 1000).toFixed(1)} s`;
}

function secondsOrNone(millis: number | null): string {
  return millis === null ? 'none came' : seconds(millis);
}
