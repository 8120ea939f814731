export { type ClientArguments, createClient } from './client.js';
export { createCluster } from './cluster.js';
export { NotConnectedError } from './errors.js';
export { redisFactory } from './factory.js';
export type { ClientOptions, ClusterClientOptions, LifeguardOptions } from './options.js';
