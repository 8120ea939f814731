import { createPool, POOL_SETTINGS, type Pool, type PoolOptions } from '@lifeguard/pool';
import type { ConfigProblem } from '@lifeguard/tcp';
import { resolveSettings, throwProblems } from '@lifeguard/tcp/settings';
import type { Channel, ConfirmChannel } from 'amqplib';
import { type ChannelOptions, channelFactory, resolveChannelSettings } from './factory.js';

/** Options of `channelFactory`, and of `createPool` of `@lifeguard/pool`. */
export type ChannelPoolOptions = ChannelOptions & PoolOptions;

/**
 * Makes a pool of channels on one connection, or on few. A channel that the server has closed is replaced, and so is a connection;
 * what a borrower has left behind nobody is lent. The connection is opened for the first channel and closed with the last.
 *
 * @throws {ConfigError} that names every option and every environment variable that can't be used
 */
export function createChannelPool(options: ChannelPoolOptions & { readonly confirm: true }): Pool<ConfirmChannel>;
export function createChannelPool(options: ChannelPoolOptions): Pool<Channel>;
export function createChannelPool(options: ChannelPoolOptions): Pool<Channel> {
  const { url: _, socketOptions: __, confirm: ___, connections: ____, ...poolOptions } = options;
  const problems: ConfigProblem[] = [];
  resolveChannelSettings(options, problems);
  resolveSettings(POOL_SETTINGS, { options: { ...poolOptions }, name: options.name }, problems);
  throwProblems(problems);
  return createPool(channelFactory(options), poolOptions);
}
