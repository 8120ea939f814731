export type * from 'mariadb';
export { mariadbFactory } from './factory.js';
export type { LifeguardOptions, PoolConfig } from './options.js';
export { createPool } from './promise-pool.js';
