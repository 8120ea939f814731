import type { TcpOptions } from '@lifeguard/tcp';
import type { ClusterOptions, RedisOptions } from 'ioredis';

/** What is taken beside the options of ioredis. */
export interface LifeguardOptions {
  /** The socket options; what is left out comes from the environment, then from the default. */
  tcp?: Partial<TcpOptions>;
}

/**
 * The options of `new Redis()` and of Lifeguard. A `connectionName` of `orders` reads `LIFEGUARD_ORDERS_USER_TIMEOUT` before
 * `LIFEGUARD_USER_TIMEOUT`, and so for every variable.
 */
export type ClientOptions = RedisOptions & LifeguardOptions;

/** The options of `new Cluster()` and of Lifeguard. */
export type ClusterClientOptions = ClusterOptions & LifeguardOptions;
