export { createClient, createClientPool, createCluster, createSentinel } from './client.js';
export { NotConnectedError } from './errors.js';
export { type PlainClient, redisFactory } from './factory.js';
export type { LifeguardOptions } from './options.js';
