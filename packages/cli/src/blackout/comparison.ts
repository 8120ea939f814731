import type { DriverName } from './drivers/drivers.js';
import { formatPairs } from './paired-table.js';
import { type BlackoutReport, noFault, type PoolReport, seconds, sentenceOf } from './report.js';
import { STUCK_AFTER_MILLIS } from './tally.js';

/** What was seen of one driver. */
export interface DriverReport {
  readonly driver: DriverName;
  /** The driver as it comes, then Lifeguard's. */
  readonly pools: readonly PoolReport[];
}

/** A driver that was left out, and why. */
export interface AbsentDriver {
  readonly driver: DriverName;
  readonly missing: string;
}

/** What `lifeguard blackout --compare --json` prints. */
export interface ComparisonReport extends Pick<BlackoutReport, 'scenario' | 'reason' | 'cutSeconds' | 'computed'> {
  readonly drivers: readonly (DriverReport | AbsentDriver)[];
}

/** The report for people. */
export function formatComparison(report: ComparisonReport): string {
  const { scenario, reason, cutSeconds, drivers, computed } = report;
  const compared = drivers.filter((each): each is DriverReport => 'pools' in each);
  const absent = drivers.filter((each): each is AbsentDriver => 'missing' in each);
  return [
    scenario === 'no-fault' ? noFault(reason) : `${sentenceOf(scenario, 'server', cutSeconds)} Measured:`,
    formatTable(compared, scenario === 'no-fault' ? COUNTS : WAITS),
    ...(scenario === 'no-fault'
      ? []
      : [`Stuck is what has neither an answer nor an error after ${seconds(STUCK_AFTER_MILLIS)}.`]),
    '`--driver` with one of them tells how each of its two was made.',
    ...(absent.length > 0 ? [formatAbsent(absent)] : []),
    ...(computed && scenario !== 'no-fault'
      ? [
          'Computed, not measured: had nobody healed it, the kernel would have repeated an unacknowledged request for ' +
            `${seconds(computed.sendingMillis)} or more (tcp_retries2 ${computed.sysctls.tcp_retries2}).`,
        ]
      : []),
  ].join('\n\n');
}

type Column = readonly [title: string, cell: (pool: PoolReport) => string];

const WAITS: readonly Column[] = [
  ['longest wait', (pool) => seconds(pool.longestWaitMillis)],
  ['stuck at its end', (pool) => String(pool.stuckAtHeal)],
  ['to the first error', (pool) => secondsOrNone(pool.firstErrorAfterCutMillis)],
  ['healed to answered', (pool) => secondsOrNone(pool.firstAnswerAfterHealMillis)],
];

const COUNTS: readonly Column[] = [
  ['sent', (pool) => String(pool.sent)],
  ['answered', (pool) => String(pool.answered)],
  ['failed', (pool) => String(pool.failed)],
  ['longest wait', (pool) => seconds(pool.longestWaitMillis)],
];

function formatTable(compared: readonly DriverReport[], columns: readonly Column[]): string {
  return formatPairs(
    columns.map(([title]) => title),
    compared.map(({ driver, pools }) => [driver, ...columns.flatMap(([, cell]) => pools.map(cell))]),
  );
}

function formatAbsent(absent: readonly AbsentDriver[]): string {
  return ['Left out:', ...absent.map(({ driver, missing }) => `  ${driver}: ${missing}`)].join('\n');
}

function secondsOrNone(millis: number | null): string {
  return millis === null ? 'none' : seconds(millis);
}
