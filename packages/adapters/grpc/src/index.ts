export { type ClientClass, createClient } from './client.js';
export { grpcFactory } from './factory.js';
export type { ChannelOptions, ClientOptions, LifeguardOptions } from './options.js';
