export type * from 'mysql2';
export { mysql2Factory } from './factory.js';
export type { LifeguardOptions, PoolConfig } from './options.js';
export { createPool } from './pool.js';
