import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import {
  type ConfigProblem,
  createPool as createPoolOf,
  POOL_SETTINGS,
  type Pool,
  type PoolOptions,
} from '@lifeguard/pool';
import { resolveTcpOptions } from '@lifeguard/tcp';
import { resolveSettings, throwProblems } from '@lifeguard/tcp/settings';
import { netFactory, tlsFactory } from './factory.js';
import { type NetOptions, portProblems, type TlsOptions } from './options.js';

/** The options of `net.connect` and of `createPool` of `@lifeguard/pool`. */
export type NetPoolOptions = NetOptions & PoolOptions & { readonly tls?: false };

/** The same for TLS. */
export type TlsPoolOptions = NetOptions & PoolOptions & { readonly tls: true | Omit<TlsOptions, keyof NetOptions> };

const POOL_OPTIONS: ReadonlySet<string> = new Set<keyof PoolOptions>([
  'name',
  'tcp',
  'logger',
  'Promise',
  ...(Object.keys(POOL_SETTINGS) as (keyof PoolOptions)[]),
]);

/**
 * Makes a pool of sockets to one address.
 *
 * @throws {ConfigError} that names every option and every environment variable that can't be used
 */
export function createPool(options: NetPoolOptions): Pool<Socket>;
export function createPool(options: TlsPoolOptions): Pool<TLSSocket>;
export function createPool({ tls, ...options }: NetPoolOptions | TlsPoolOptions): Pool<Socket> | Pool<TLSSocket> {
  const [poolOptions, netOptions] = split(options);
  check(poolOptions, netOptions);
  if (!tls) return createPoolOf(netFactory(netOptions), poolOptions);
  return createPoolOf(tlsFactory(tls === true ? netOptions : { ...tls, ...netOptions }), poolOptions);
}

/** Both at once: the factory and the pool would each tell of its own. */
function check(poolOptions: PoolOptions, netOptions: NetOptions): void {
  const { name, tcp, ...options } = poolOptions;
  const problems: ConfigProblem[] = portProblems(netOptions);
  resolveSettings(POOL_SETTINGS, { options, name }, problems);
  resolveTcpOptions(tcp, { prefix: 'tcp.', name }, problems);
  throwProblems(problems);
}

function split(options: NetOptions & PoolOptions): [PoolOptions, NetOptions] {
  const [forPool, forNet]: [string, unknown][][] = [[], []];
  for (const entry of Object.entries(options)) (POOL_OPTIONS.has(entry[0]) ? forPool : forNet)?.push(entry);
  return [Object.fromEntries(forPool ?? []), Object.fromEntries(forNet ?? []) as unknown as NetOptions];
}
