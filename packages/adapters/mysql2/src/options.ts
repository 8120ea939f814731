import { type PoolOptions as ClientsOptions, ConfigError, type ConfigProblem } from '@lifeguard/pool';
import type { ConnectionOptions, PoolOptions } from 'mysql2';
import { parseUrl } from './driver.js';

/** What `createPool` takes beside the options of mysql2. What is left out comes from the environment, then from the default. */
export type LifeguardOptions = Pick<
  ClientsOptions,
  | 'name'
  | 'tcp'
  | 'logger'
  | 'min'
  | 'maxConnecting'
  | 'acquireTimeoutMillis'
  | 'maxLifetimeMillis'
  | 'destroyTimeoutMillis'
  | 'leakWarningMillis'
>;

/** The options of mysql2's `createPool` and of Lifeguard. */
export interface PoolConfig extends PoolOptions, LifeguardOptions {}

const OURS = {
  name: true,
  tcp: true,
  logger: true,
  min: true,
  maxConnecting: true,
  acquireTimeoutMillis: true,
  maxLifetimeMillis: true,
  destroyTimeoutMillis: true,
  leakWarningMillis: true,
} satisfies Record<keyof LifeguardOptions, true>;

/** What mysql2 calls by another name. */
const NAMES: Readonly<Record<string, keyof PoolConfig>> = {
  max: 'connectionLimit',
  idleTimeoutMillis: 'idleTimeout',
  connectTimeoutMillis: 'connectTimeout',
} satisfies Partial<Record<keyof ClientsOptions, keyof PoolConfig>>;

/**
 * The options, those of a URL included. What stands beside a `uri` goes before what is in it, as in mysql2.
 *
 * @throws {ConfigError} if a URL can't be parsed; it does not show the URL, which may have a password in it
 */
export function readConfig(config: string | PoolConfig): PoolConfig {
  if (typeof config === 'string') return parse(config, 'connectionUri');
  const { uri, ...options } = config;
  if (!uri) return options;
  const given = Object.entries(options).filter(([, value]) => Boolean(value));
  return { ...options, ...parse(uri, 'uri'), ...Object.fromEntries(given) };
}

/** Those of the options that mysql2 knows, and without its time limit on a connect: the pool has one of its own. */
export function toDriverOptions(config: string | PoolConfig): ConnectionOptions {
  const known = Object.entries(readConfig(config)).filter(([name]) => !(name in OURS));
  return { ...Object.fromEntries(known), connectTimeout: 0 };
}

/** Puts options in the words of `createPool` of `@lifeguard/pool`. For mysql2 a `connectionLimit` of 0 is none. */
export function toClientsOptions(config: PoolConfig): ClientsOptions {
  const { connectionLimit, idleTimeout, connectTimeout } = config;
  const ours = Object.keys(OURS).map((name) => [name, config[name as keyof PoolConfig]] as const);
  const all = [
    ...ours,
    ['fifo', false],
    ['max', connectionLimit === 0 ? Number.MAX_SAFE_INTEGER : connectionLimit],
    ['idleTimeoutMillis', idleTimeout],
    ['connectTimeoutMillis', connectTimeout || undefined],
  ] as const;
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

/** Runs `make`, and has a `ConfigError` of it speak in mysql2's words. */
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

function parse(url: string, name: string): PoolOptions {
  try {
    const { port, ...options } = parseUrl(url);
    return port ? { ...options, port } : options;
  } catch {
    throw new ConfigError([{ name, value: '***', allowed: 'a URL such as mysql://user:password@host:3306/database' }]);
  }
}
