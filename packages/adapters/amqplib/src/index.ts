export { connect } from './connect.js';
export { DirtyChannelError } from './errors.js';
export { type ChannelOptions, channelFactory } from './factory.js';
export type { Address, LifeguardOptions, RecoveringConnection, SocketOptions } from './options.js';
export { type ChannelPoolOptions, createChannelPool } from './pool.js';
