import { type ConfigProblem, resolveTcpOptions, type TcpOptions } from '@lifeguard/tcp';
import { resolveClientTcp } from '@lifeguard/tcp/client';
import { resolveSettings, throwProblems } from '@lifeguard/tcp/settings';
import { POOL_SETTINGS } from '../options.js';
import type { WaitLimit } from './wait-limit.js';

/** Of the settings of a pool, what counts for a client too: how long a caller waits for a connection. */
const WAIT_SETTINGS = { acquireTimeoutMillis: POOL_SETTINGS.acquireTimeoutMillis };

/** The options of a client's sockets, and what bounds the waits of its callers, if anything does. */
export interface ClientSettings {
  readonly tcp: Readonly<TcpOptions>;
  readonly limit: WaitLimit | undefined;
}

/**
 * Completes the socket options of a client as `resolveClientTcp` of `@lifeguard/tcp/client`, and reads `LIFEGUARD_ACQUIRE_TIMEOUT`.
 *
 * @param name of the client: `orders` reads `LIFEGUARD_ORDERS_ACQUIRE_TIMEOUT` before `LIFEGUARD_ACQUIRE_TIMEOUT`
 * @throws {ConfigError} that names every option and variable that can't be used
 */
export function resolveClient(tcp: Partial<TcpOptions> | undefined, name: string | undefined): ClientSettings {
  const problems: ConfigProblem[] = [];
  const { acquireTimeoutMillis: millis } = resolveSettings(WAIT_SETTINGS, { name }, problems);
  resolveTcpOptions(tcp, { prefix: 'tcp.', name }, problems);
  throwProblems(problems);
  const resolved = resolveClientTcp(tcp, name);
  return { tcp: resolved, limit: millis > 0 ? { millis, tcp: resolved } : undefined };
}
