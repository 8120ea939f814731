/**
 * As `mysql2/promise`.
 *
 * @module
 */

import type { Pool } from 'mysql2/promise';
import type { PoolConfig } from './options.js';
import { createPool as createCallbackPool } from './pool.js';

export type * from 'mysql2/promise';
export type { LifeguardOptions, PoolConfig } from './options.js';

/**
 * `createPool` of `mysql2/promise`, with the same options, methods and events, on connections that are hardened, and that
 * leave the pool as soon as the kernel gives up on them. What differs is in the README.
 *
 * @param config a URL, or the options of mysql2 and of Lifeguard
 * @throws {ConfigError} that names every option and every environment variable that can't be used
 */
export function createPool(config: string | PoolConfig): Pool {
  return createCallbackPool(config).promise(typeof config === 'string' ? undefined : config.Promise);
}
