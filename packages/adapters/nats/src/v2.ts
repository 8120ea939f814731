/**
 * For the package `nats`, version 2.
 *
 * @module
 */

import { isEnabled } from '@lifeguard/tcp';
import { type ConnectionOptions, connect as connectPlain, type NatsConnection } from 'nats';
import { hardened, refuse } from './hardened.js';
import type { LifeguardOptions } from './options.js';

export type { LifeguardOptions } from './options.js';

/** The options of `connect`, and of Lifeguard. A `name` of `orders` reads `LIFEGUARD_ORDERS_USER_TIMEOUT` first. */
export type ConnectOptions = ConnectionOptions & LifeguardOptions;

/**
 * `connect` of `nats`, version 2: an ordinary connection. Every socket that it opens is hardened, in each reconnect. While
 * the server is away it is tried again at least every 0.75 s, for ever; `maxReconnectAttempts`, `timeout`,
 * `reconnectTimeWait` and its kin, if you give them, go before that.
 *
 * With `LIFEGUARD_ENABLED` off it is the package's own, and that is all.
 *
 * @throws {ConfigError} (rejects) that names every socket option and variable that can't be used; else as the package's own
 */
export async function connect(options: ConnectOptions = {}): Promise<NatsConnection> {
  const { tcp: _, ...own } = options;
  if (!isEnabled()) return connectPlain(own);
  return connectPlain(hardened(options)).catch(refuse);
}
