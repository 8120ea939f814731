export { pgFactory } from './factory.js';
export type { LifeguardOptions, PoolConfig } from './options.js';
export { Pool, type PoolConstructor } from './pool.js';
