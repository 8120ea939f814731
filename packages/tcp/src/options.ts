import type { ConfigProblem } from './errors.js';
import {
  duration,
  integer,
  isNotGiven,
  MAX_DELAY_MILLIS,
  printable,
  resolveSettings,
  throwProblems,
  toggle,
} from './settings.js';

/** What is told to the kernel about one socket. Times are in milliseconds; platforms that count in seconds round up. */
export interface TcpOptions {
  /** SO_KEEPALIVE: find a dead peer while nothing is in flight. */
  keepAlive: boolean;
  /** How long a connection is silent before the first keepalive probe. Linux: 1 s to 32,767 s, in whole seconds. */
  keepAliveIdleMillis: number;
  /** From one unanswered probe to the next. Linux: 1 s to 32,767 s, in whole seconds. */
  keepAliveIntervalMillis: number;
  /** Unanswered probes that end the connection: 1 to 127. Ignored by Linux while a user timeout is set. */
  keepAliveCount: number;
  /**
   * TCP_USER_TIMEOUT (RFC 5482): how long sent data may stay unacknowledged; 0 leaves it to the kernel, about a quarter
   * of an hour. It ends a connection to a healthy peer that does not read (zero window) too: whoever sends bulk data
   * to a peer that pauses must set it above the longest pause.
   */
  userTimeoutMillis: number;
}

const SECOND = 1000;

/** The table of `TcpOptions`: ranges are those of Linux (net/ipv4/tcp.c: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT). */
export const TCP_SETTINGS = {
  keepAlive: toggle({
    variable: 'KEEPALIVE',
    default: true,
    summary: 'TCP keepalive, which finds a dead peer while nothing is in flight',
  }),
  keepAliveIdleMillis: duration({
    variable: 'KEEPALIVE_IDLE',
    default: 5 * SECOND,
    min: SECOND,
    max: 32_767 * SECOND,
    summary: 'silence before the first keepalive probe',
  }),
  keepAliveIntervalMillis: duration({
    variable: 'KEEPALIVE_INTERVAL',
    default: SECOND,
    min: SECOND,
    max: 32_767 * SECOND,
    summary: 'from one unanswered probe to the next',
  }),
  keepAliveCount: integer({
    variable: 'KEEPALIVE_COUNT',
    default: 3,
    min: 1,
    max: 127,
    summary: 'unanswered probes that end the connection',
  }),
  userTimeoutMillis: duration({
    variable: 'USER_TIMEOUT',
    default: 10 * SECOND,
    min: 1,
    max: MAX_DELAY_MILLIS,
    or: { value: 0, text: 'off' },
    summary: 'how long sent data may stay unacknowledged; set it above the longest pause of a peer that stops reading',
  }),
} as const;

/** Who asks, for errors and for variables of a named pool. */
export interface TcpOptionsSource {
  readonly prefix?: string;
  readonly name?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * Completes options from the environment (`LIFEGUARD_KEEPALIVE`, `…_IDLE`, `…_INTERVAL`, `…_COUNT`,
 * `LIFEGUARD_USER_TIMEOUT`) and the defaults. Problems are added to `problems`, else thrown. The result is frozen; given
 * again, it is returned as it is.
 *
 * @throws {ConfigError} that names every value outside the kernel's range
 */
export function resolveTcpOptions(
  options?: Partial<TcpOptions>,
  source: TcpOptionsSource = {},
  problems?: ConfigProblem[],
): Readonly<TcpOptions> {
  if (isResolved(options)) return options;
  const found: ConfigProblem[] = problems ?? [];
  if (!isObject(options)) {
    const name = source.prefix?.replace(/\.$/, '') ?? 'options';
    found.push({ name, value: printable(options), allowed: 'an object, such as { userTimeoutMillis: 8000 }' });
  }
  const values = Object.freeze(resolveSettings(TCP_SETTINGS, { ...source, options: { ...options } }, found));
  if (problems === undefined) throwProblems(found);
  resolved.add(values);
  return values;
}

/** To spread something else would give the defaults, and no word about it. */
function isObject(options: unknown): boolean {
  return isNotGiven(options) || (typeof options === 'object' && !Array.isArray(options));
}

const resolved = new WeakSet<object>();

/** Whether this very object came from `resolveTcpOptions`: frozen, complete and valid. */
export function isResolved(options: Partial<TcpOptions> | undefined): options is Readonly<TcpOptions> {
  return options !== undefined && resolved.has(options);
}

/**
 * What is legal and yet does not do what its writer hopes for, in sentences for a log.
 *
 * With a user timeout set, Linux ends a silent connection at the first probe timer at which it has been idle for longer
 * than the user timeout and one probe is out (net/ipv4/tcp_timer.c, tcp_keepalive_timer); the count is not looked at.
 */
export function tcpOptionWarnings(options: Readonly<TcpOptions>): string[] {
  const { keepAlive, keepAliveIdleMillis, keepAliveIntervalMillis, keepAliveCount, userTimeoutMillis } = options;
  const patience = keepAliveIdleMillis + keepAliveIntervalMillis * (keepAliveCount - 1);
  if (!keepAlive || userTimeoutMillis === 0 || userTimeoutMillis >= patience) return [];
  const lossOfOne = userTimeoutMillis < keepAliveIdleMillis + keepAliveIntervalMillis;
  return [
    `userTimeoutMillis ${userTimeoutMillis} ${lossOfOne ? 'ends a silent connection when one keepalive probe is lost' : `ends a silent connection before ${keepAliveCount} keepalive probes are lost`}: set it (LIFEGUARD_USER_TIMEOUT) to at least ${patience} (idle + interval x (count - 1))`,
  ];
}
