import { type ConfigProblem, POOL_SETTINGS, type PoolOptions } from '@lifeguard/pool';
import { resolveTcpOptions } from '@lifeguard/tcp';
import { MAX_DELAY_MILLIS, resolveSettings, throwProblems, type Values } from '@lifeguard/tcp/settings';
import type pg from 'pg';

/** What a `Pool` takes beside the options of `pg.Pool`. What is left out comes from the environment, then from the default. */
export type LifeguardOptions = Pick<
  PoolOptions,
  | 'name'
  | 'tcp'
  | 'logger'
  | 'maxWaitingClients'
  | 'maxConnecting'
  | 'connectTimeoutMillis'
  | 'destroyTimeoutMillis'
  | 'leakWarningMillis'
>;

/** The options of `pg.Pool` and of Lifeguard. */
export interface PoolConfig extends pg.PoolConfig, LifeguardOptions {
  /** The same as `max`, which goes before it. */
  poolSize?: number | undefined;
}

/** What `pg.Pool` calls by another name. */
const NAMES: Readonly<Record<string, keyof PoolConfig>> = {
  acquireTimeoutMillis: 'connectionTimeoutMillis',
  keepIdle: 'min',
  maxLifetimeMillis: 'maxLifetimeSeconds',
} satisfies Partial<Record<keyof PoolOptions, keyof PoolConfig>>;

/** However little patience the callers have, a connect is given this long: it may serve those who come next. */
const CONNECT_FLOOR_MILLIS = 1000;

/** Puts options in the words of `createPool`. For `pg.Pool` a `max` of 0 is none given, and so is a `maxUses` of 0. */
export function toPoolOptions(config: PoolConfig): PoolOptions {
  const { min, max, poolSize, maxUses, connectionTimeoutMillis, idleTimeoutMillis, maxLifetimeSeconds } = config;
  return withoutUndefined({
    name: config.name,
    tcp: config.tcp,
    logger: config.logger,
    maxWaitingClients: config.maxWaitingClients,
    maxConnecting: config.maxConnecting,
    connectTimeoutMillis: config.connectTimeoutMillis ?? connectPatience(connectionTimeoutMillis),
    destroyTimeoutMillis: config.destroyTimeoutMillis,
    leakWarningMillis: config.leakWarningMillis,
    fifo: false,
    max: max || poolSize || undefined,
    // What is given here is kept, and nothing is opened for it.
    min: min === undefined ? undefined : 0,
    keepIdle: min,
    maxUses: maxUses || undefined,
    acquireTimeoutMillis: connectionTimeoutMillis,
    idleTimeoutMillis: idleTimeoutMillis === null ? 0 : idleTimeoutMillis,
    maxLifetimeMillis: maxLifetimeSeconds === undefined ? undefined : Math.round(maxLifetimeSeconds * 1000),
  });
}

/** To `pg.Pool`, `connectionTimeoutMillis` is both a caller's patience and the time that one connect may take. */
function connectPatience(connectionTimeoutMillis: number | undefined): number | undefined {
  const millis = Math.max(Number(connectionTimeoutMillis), CONNECT_FLOOR_MILLIS);
  // What is no number is told of once, by its own name.
  return connectionTimeoutMillis && millis <= MAX_DELAY_MILLIS ? millis : undefined;
}

/** What is in force, in the words of `pg.Pool`. */
export type EffectiveOptions = Required<
  Pick<
    pg.PoolConfig,
    'max' | 'min' | 'maxUses' | 'connectionTimeoutMillis' | 'idleTimeoutMillis' | 'maxLifetimeSeconds'
  >
>;

/**
 * Completes options from the environment and the defaults.
 *
 * @param problems what is wrong already
 * @throws {ConfigError} that names everything that can't be used, as it was written
 */
export function resolveConfig(config: PoolConfig, problems: readonly ConfigProblem[] = []): EffectiveOptions {
  const { tcp, name, ...options } = toPoolOptions(config);
  const found: ConfigProblem[] = [];
  const settings: Values<typeof POOL_SETTINGS> = resolveSettings(POOL_SETTINGS, { options, name }, found);
  resolveTcpOptions(tcp, { prefix: 'tcp.', name }, found);
  throwProblems([...problems, ...found.map((problem) => translate(config, problem))]);
  return {
    max: settings.max,
    min: Math.max(settings.min, settings.keepIdle),
    maxUses: settings.maxUses,
    connectionTimeoutMillis: settings.acquireTimeoutMillis,
    idleTimeoutMillis: settings.idleTimeoutMillis,
    maxLifetimeSeconds: settings.maxLifetimeMillis / 1000,
  };
}

function translate(config: PoolConfig, problem: ConfigProblem): ConfigProblem {
  const name = problem.name === 'max' && !config.max ? 'poolSize' : NAMES[problem.name];
  return name === undefined ? problem : { ...problem, name, value: String(config[name]) };
}

function withoutUndefined(options: { [K in keyof PoolOptions]: PoolOptions[K] | undefined }): PoolOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
