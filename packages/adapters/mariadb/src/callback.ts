/**
 * As `mariadb/callback`.
 *
 * @module
 */

export type * from 'mariadb/callback';
export { createPool } from './callback-pool.js';
export type { LifeguardOptions, PoolConfig } from './options.js';
