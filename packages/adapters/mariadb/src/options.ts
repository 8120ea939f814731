import { type PoolOptions as ClientsOptions, ConfigError, type ConfigProblem } from '@lifeguard/pool';
import mariadb, { type PoolConfig as DriverConfig } from 'mariadb';

/** What `createPool` takes beside the options of mariadb. What is left out comes from the environment, then from the default. */
export type LifeguardOptions = Pick<
  ClientsOptions,
  'name' | 'tcp' | 'maxWaitingClients' | 'maxConnecting' | 'maxLifetimeMillis' | 'destroyTimeoutMillis'
> & {
  /** The pool's; `logger` is the driver's. */
  poolLogger?: ClientsOptions['logger'];
};

/** The options of mariadb's `createPool` and of Lifeguard. */
export interface PoolConfig extends DriverConfig, LifeguardOptions {}

const OURS = {
  name: 'name',
  tcp: 'tcp',
  maxWaitingClients: 'maxWaitingClients',
  maxConnecting: 'maxConnecting',
  maxLifetimeMillis: 'maxLifetimeMillis',
  destroyTimeoutMillis: 'destroyTimeoutMillis',
  poolLogger: 'logger',
} satisfies Record<keyof LifeguardOptions, keyof ClientsOptions>;

/** What mariadb calls by another name. */
const NAMES: Readonly<Record<string, keyof PoolConfig>> = {
  max: 'connectionLimit',
  min: 'minimumIdle',
  acquireTimeoutMillis: 'acquireTimeout',
  connectTimeoutMillis: 'connectTimeout',
  idleTimeoutMillis: 'idleTimeout',
  aliveBypassMillis: 'minDelayValidation',
  leakWarningMillis: 'leakDetectionTimeout',
} satisfies Partial<Record<keyof ClientsOptions, keyof PoolConfig>>;

/** In mariadb the only duration that is in seconds. */
const SECOND = 1000;

/**
 * The options, those of a URL included.
 *
 * @throws {ConfigError} if a URL can't be parsed; it does not show the URL, which may have a password in it
 */
export function readConfig(config: string | PoolConfig): PoolConfig {
  return typeof config === 'string' ? parse(config) : config;
}

/** Those that mariadb knows. */
export function toPoolOptions(config: PoolConfig): DriverConfig {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !(name in OURS)));
}

/** The same for one connection, and without mariadb's time limit on a connect: the pool has one of its own. */
export function toConnectionOptions(config: PoolConfig): DriverConfig {
  return { ...toPoolOptions(config), connectTimeout: 0 };
}

/** Puts options in the words of `createPool` of `@lifeguard/pool`. */
export function toClientsOptions(config: PoolConfig): ClientsOptions {
  const { connectTimeout, idleTimeout } = config;
  const all: [keyof ClientsOptions, unknown][] = [
    ['fifo', true],
    ['max', config.connectionLimit],
    ['min', config.minimumIdle],
    ['acquireTimeoutMillis', config.acquireTimeout],
    ['connectTimeoutMillis', connectTimeout || undefined],
    ['idleTimeoutMillis', idleTimeout === undefined ? undefined : idleTimeout * SECOND],
    ['aliveBypassMillis', config.minDelayValidation],
    ['leakWarningMillis', config.leakDetectionTimeout],
  ];
  for (const [from, to] of Object.entries(OURS)) all.push([to, config[from as keyof LifeguardOptions]]);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

/** Runs `make`, and has a `ConfigError` of it speak in mariadb's words. */
export function inDriversWords<R>(make: () => R): R {
  try {
    return make();
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(error.problems.map(translate)) : error;
  }
}

function translate(problem: ConfigProblem): ConfigProblem {
  return { ...problem, name: NAMES[problem.name] ?? problem.name };
}

const NUMBERS: readonly (keyof PoolConfig)[] = Object.values(NAMES);

/** mariadb reads a URL only as it makes something of it. `defaultOptions` opens nothing. */
function parse(url: string): PoolConfig {
  try {
    const known = mariadb.defaultOptions(url) as PoolConfig;
    const pooling = new URL(url.replace(/^(mariadb|mysql):/, 'http:').replace(/,[^/]*/, '')).searchParams;
    const numbers = NUMBERS.filter((name) => pooling.has(name)).map((name) => [name, Number(pooling.get(name))]);
    const flags = ['resetAfterUse', 'noControlAfterUse'].map((name) => [name, pooling.get(name) === 'true']);
    // What it says of a connect by default is not said by the URL.
    return { ...known, connectTimeout: undefined, ...Object.fromEntries([...numbers, ...flags]) };
  } catch {
    const allowed = 'a URL such as mariadb://user:password@host:3306/database';
    throw new ConfigError([{ name: 'connectionUri', value: '***', allowed }]);
  }
}
