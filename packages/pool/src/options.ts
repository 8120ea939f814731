import {
  type ConfigProblem,
  ENABLED_SETTINGS,
  resolveTcpOptions,
  type TcpOptions,
  tcpOptionWarnings,
} from '@lifeguard/tcp';
import {
  choice,
  duration,
  integer,
  MAX_DELAY_MILLIS,
  resolveSettings,
  throwProblems,
  toggle,
  type Values,
} from '@lifeguard/tcp/settings';
import type { Logger } from './log.js';
import type { PromiseMaker } from './promises.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const off = { value: 0, text: 'off' };
const count = { min: 0, max: Number.MAX_SAFE_INTEGER };

/** The table of a pool's settings. Documentation, errors and values are made from it. */
export const POOL_SETTINGS = {
  min: integer({
    ...count,
    variable: 'POOL_MIN',
    default: 0,
    summary: 'connections kept even when nobody needs them; more than `max` counts as `max`',
  }),
  max: integer({
    ...count,
    min: 1,
    variable: 'POOL_MAX',
    default: 10,
    summary: 'connections at most, those being opened included',
  }),
  maxWaitingClients: integer({
    ...count,
    variable: 'POOL_MAX_WAITING',
    default: Number.POSITIVE_INFINITY,
    or: { value: Number.POSITIVE_INFINITY, text: 'unbounded' },
    summary: 'callers that may wait for a connection; one more is refused at once',
  }),
  maxConnecting: integer({
    ...count,
    min: 1,
    variable: 'POOL_MAX_CONNECTING',
    default: 2,
    summary: 'connects under way at the same time',
  }),
  acquireTimeoutMillis: duration({
    variable: 'ACQUIRE_TIMEOUT',
    default: 10 * SECOND,
    min: 1,
    max: MAX_DELAY_MILLIS,
    or: off,
    summary: 'how long `acquire` waits for a connection',
  }),
  connectTimeoutMillis: duration({
    variable: 'CONNECT_TIMEOUT',
    default: 10 * SECOND,
    min: 1,
    max: MAX_DELAY_MILLIS,
    summary: 'how long one connect may take, the protocol’s greeting included',
  }),
  idleTimeoutMillis: duration({
    variable: 'IDLE_TIMEOUT',
    default: MINUTE,
    min: 1,
    max: MAX_DELAY_MILLIS,
    or: off,
    summary: 'a connection that nobody borrowed for this long is closed, down to `min`',
  }),
  maxLifetimeMillis: duration({
    variable: 'MAX_LIFETIME',
    default: 30 * MINUTE,
    min: 1,
    max: MAX_DELAY_MILLIS,
    or: off,
    defaultText: '30m',
    summary: 'age at which a connection is replaced, less a jitter of up to 10 %; one that is lent, on its return',
  }),
  leakWarningMillis: duration({
    variable: 'LEAK_WARNING',
    default: 0,
    min: 1,
    max: MAX_DELAY_MILLIS,
    or: off,
    summary: 'a connection lent for longer is logged with the stack of its `acquire`',
  }),
  logLevel: choice({
    variable: 'LOG_LEVEL',
    words: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'warn',
    summary: 'what the log on stderr shows; a `logger` in the options goes before it',
  }),
  keepIdle: integer({
    ...count,
    default: 0,
    defaultText: '`min`',
    summary: 'connections that the idle timeout leaves alone, without any being opened for it',
  }),
  aliveBypassMillis: duration({
    default: 500,
    min: 0,
    max: MAX_DELAY_MILLIS,
    summary: 'the kernel is asked about a connection on its loan, unless it was in use so lately',
  }),
  softIdleTimeoutMillis: duration({
    default: -1,
    min: 0,
    max: MAX_DELAY_MILLIS,
    or: { value: -1, text: 'off' },
    summary: 'a connection that nobody borrowed for this long is closed while more than `min` are idle; 0 is off too',
  }),
  evictionRunIntervalMillis: duration({
    default: 0,
    min: 1,
    max: MAX_DELAY_MILLIS,
    or: off,
    summary: 'how often idle timeouts are looked at; off: whenever one is due',
  }),
  numTestsPerEvictionRun: integer({
    ...count,
    min: 1,
    default: 3,
    summary: 'with `evictionRunIntervalMillis`: connections that one look closes at most; the next goes on',
  }),
  maxUses: integer({
    ...count,
    min: 1,
    default: Number.POSITIVE_INFINITY,
    or: { value: Number.POSITIVE_INFINITY, text: 'unbounded' },
    summary: 'a connection is replaced after being lent this often',
  }),
  validateTimeoutMillis: duration({
    default: 5 * SECOND,
    min: 1,
    max: MAX_DELAY_MILLIS,
    summary: 'how long `validate` or `reset` may take',
  }),
  destroyTimeoutMillis: duration({
    default: 5 * SECOND,
    min: 1,
    max: MAX_DELAY_MILLIS,
    summary: 'how long `destroy` may take before the connection’s sockets are closed under it',
  }),
  priorityRange: integer({
    min: 1,
    max: 1000,
    default: 1,
    summary: 'priorities that `acquire` knows: 0, the first served, to one less than this',
  }),
  fifo: toggle({
    default: true,
    summary: 'lend the connection that has been idle longest; off: the one last returned',
  }),
  testOnBorrow: toggle({ default: false, summary: 'ask `validate` before each loan' }),
  testOnReturn: toggle({ default: false, summary: 'ask `validate` on each return' }),
  autostart: toggle({ default: true, summary: 'open `min` connections at once, not at the first `acquire`' }),
} as const;

export type PoolSettings = Values<typeof POOL_SETTINGS>;

/** What `createPool` takes. What is left out comes from the environment, then from the default. */
export interface PoolOptions extends Partial<Omit<PoolSettings, 'logLevel'>> {
  /** Names the pool in log lines and errors, and in variables: `orders` reads `LIFEGUARD_ORDERS_POOL_MAX` first. */
  name?: string;
  /** The socket options; what is left out comes from the environment, then from the default. */
  tcp?: Partial<TcpOptions>;
  /** Any logger with pino's face. Default: pino on stderr at `LIFEGUARD_LOG_LEVEL`. */
  logger?: Logger;
  /** Makes the promises that the pool's methods return, as Bluebird does. Default: the language's own. */
  Promise?: PromiseMaker;
}

/** A pool's options, complete. */
export interface ResolvedOptions extends PoolSettings {
  readonly name: string | undefined;
  readonly tcp: TcpOptions;
  readonly logger: Logger | undefined;
  /** What is legal and yet does not do what its writer hopes for, for the log. */
  readonly warnings: readonly string[];
}

/** @throws {ConfigError} that names every option and variable that can't be used, of the pool and of its sockets */
export function resolveOptions(options: PoolOptions, env?: NodeJS.ProcessEnv): ResolvedOptions {
  const problems: ConfigProblem[] = [];
  const source = { name: options.name, env };
  const settings = resolveSettings(POOL_SETTINGS, { ...source, options: { ...options } }, problems);
  const tcp = resolveTcpOptions(options.tcp, { ...source, prefix: 'tcp.' }, problems);
  // Read where sockets are hardened: here it is only looked at, so that an error comes before any connection.
  resolveSettings(ENABLED_SETTINGS, { env }, problems);
  throwProblems(problems);
  return {
    ...settings,
    min: Math.min(settings.min, settings.max),
    keepIdle: Math.max(settings.keepIdle, settings.min),
    name: options.name,
    tcp,
    logger: options.logger,
    warnings: tcpOptionWarnings(tcp),
  };
}
