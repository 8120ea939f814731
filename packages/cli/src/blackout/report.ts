import type { TcpOptions } from '@lifeguard/tcp';
import Table from 'cli-table3';
import type { PoolName } from './protocol.js';
import type { StockWaits } from './stock-waits.js';
import { type Measures, STUCK_AFTER_MILLIS } from './tally.js';
import { POOL_MAX } from './workload.js';

/** What was seen of one of the two pools. */
export interface PoolReport extends Measures {
  readonly name: PoolName;
  /** Of one of its sockets, read back from the kernel. What this platform can't read is left out. */
  readonly tcp: Readonly<Partial<TcpOptions>>;
}

/** What `lifeguard blackout --json` prints. */
export interface BlackoutReport {
  /** `'no-fault'`: no lab could be made, so the workload ran and nothing was cut. */
  readonly scenario: 'silent-cut' | 'no-fault';
  /** Why there was no fault. */
  readonly reason?: string;
  /** 0 without a fault. */
  readonly cutSeconds: number;
  /** Lifeguard's pool's, see `PoolReport`. */
  readonly tcp: Readonly<Partial<TcpOptions>>;
  readonly pools: readonly PoolReport[];
  /** What pg.Pool would have waited, had nobody healed the cable: computed, not measured. `null` outside Linux. */
  readonly computed: StockWaits | null;
}

/** The report for people. */
export function formatReport(report: BlackoutReport): string {
  const parts = report.scenario === 'no-fault' ? withoutFault(report) : withFault(report);
  return parts.join('\n\n');
}

function withoutFault({ reason, pools }: BlackoutReport): string[] {
  return [`No cable was cut, for no lab can be made here: ${reason}`, formatTable(pools, COUNTS), formatOptions(pools)];
}

function withFault({ cutSeconds, pools, computed }: BlackoutReport): string[] {
  return [
    `The cable to the database was cut silently for ${cutSeconds} s, then healed. Measured:`,
    formatTable(pools, [...WAITS, ...COUNTS]),
    `Stuck is what has neither an answer nor an error after ${seconds(STUCK_AFTER_MILLIS)}.\n` +
      `Both pools were made with their defaults, which are ${POOL_MAX} connections and, for pg.Pool, no timeout at all.`,
    formatOptions(pools),
    ...(computed ? [formatComputed(computed)] : []),
  ];
}

type Row = readonly [title: string, cell: (pool: PoolReport) => string];

const WAITS: readonly Row[] = [
  ['longest wait', (pool) => seconds(pool.longestWaitMillis)],
  ['from the cut to the first error', (pool) => secondsOrNone(pool.firstErrorAfterCutMillis)],
  ['stuck at the end of the cut', (pool) => String(pool.stuckAtHeal)],
  ['from healing to the first answer', (pool) => secondsOrNone(pool.firstAnswerAfterHealMillis)],
];

const COUNTS: readonly Row[] = [
  ['queries sent', (pool) => String(pool.sent)],
  ['answered', (pool) => String(pool.answered)],
  ['failed', (pool) => [pool.failed, ...Object.entries(pool.errors).map(([code, n]) => `${n} ${code}`)].join('\n')],
  ['neither, when the run ended', (pool) => String(pool.sent - pool.answered - pool.failed)],
];

function formatTable(pools: readonly PoolReport[], rows: readonly Row[]): string {
  const table = new Table({
    head: ['', ...pools.map(({ name }) => name)],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const [title, cell] of rows) table.push([title, ...pools.map(cell)]);
  return table.toString();
}

const OPTION_NAMES = [
  'keepAlive',
  'keepAliveIdleMillis',
  'keepAliveIntervalMillis',
  'keepAliveCount',
  'userTimeoutMillis',
] as const satisfies readonly (keyof TcpOptions)[];

function formatOptions(pools: readonly PoolReport[]): string {
  const lines = pools.map(({ name, tcp }) => `  ${name.padEnd(14)} ${describeOptions(tcp)}`);
  return ['Options of one of their sockets, read back from the kernel:', ...lines].join('\n');
}

function describeOptions(tcp: Readonly<Partial<TcpOptions>>): string {
  const known = OPTION_NAMES.filter((name) => tcp[name] !== undefined).map((name) => `${name} ${tcp[name]}`);
  return known.length > 0 ? known.join(', ') : 'this platform does not tell';
}

function formatComputed({ sysctls, sendingMillis, waitingWithKeepAliveMillis }: StockWaits): string {
  const { tcp_retries2, tcp_keepalive_time, tcp_keepalive_intvl, tcp_keepalive_probes } = sysctls;
  return [
    'Computed, not measured: had nobody healed the cable, a query on pg.Pool would have waited, by this machine’s sysctls,',
    `  ${seconds(sendingMillis)} or more, if it was being sent (tcp_retries2 ${tcp_retries2})`,
    '  for ever, if the server had received it, for pg.Pool does not turn keepalive on by itself',
    `  ${seconds(waitingWithKeepAliveMillis)}, if the server had received it, with \`keepAlive: true\` (tcp_keepalive_time ` +
      `${tcp_keepalive_time}, _intvl ${tcp_keepalive_intvl}, _probes ${tcp_keepalive_probes})`,
  ].join('\n');
}

function seconds(millis: number): string {
  return `${(millis / 1000).toFixed(1)} s`;
}

function secondsOrNone(millis: number | null): string {
  return millis === null ? 'none came' : seconds(millis);
}
