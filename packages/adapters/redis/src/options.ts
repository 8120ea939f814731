import type { TcpOptions } from '@lifeguard/tcp';

/** What is taken beside the options of node-redis. */
export interface LifeguardOptions {
  /** The socket options; what is left out comes from the environment, then from the default. */
  tcp?: Partial<TcpOptions>;
}
