import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { resolveClient } from '@lifeguard/pool/client';
import { harden, isEnabled } from '@lifeguard/tcp';
import { ReconnectPace } from '@lifeguard/tcp/client';
import type { RedisFunctions, RedisModules, RedisScripts, RespVersions, TypeMapping } from 'redis';
import * as redis from 'redis';
import { type Cared, careOf, followConnects, marked } from './follow.js';
import type { LifeguardOptions } from './options.js';
import { checkUrl } from './secrets.js';
import { limitSentinelWaits } from './sentinel-waits.js';

interface SocketOptions {
  readonly connectTimeout?: number;
  readonly reconnectStrategy?: unknown;
}

/** What is looked at among the options of a client. */
interface ClientOptions extends LifeguardOptions {
  readonly url?: string;
  readonly name?: string;
  readonly socket?: SocketOptions;
}

/**
 * `createClient` of node-redis: an ordinary client. Every socket that it opens is hardened, in each reconnect, and so are those
 * of its duplicates and pools. While the server is away it is tried again at least every 0.8 s; a `reconnectStrategy` or a
 * `connectTimeout` of your own goes before that. A command waits for a connection no longer than `LIFEGUARD_ACQUIRE_TIMEOUT`
 * (10 s), and fails with the error of the last connect then, unless you give `commandOptions.timeout`. An `'error'` that nobody
 * listens to does not end the process.
 *
 * With `LIFEGUARD_ENABLED` off it is node-redis's own, and that is all.
 *
 * @throws {ConfigError} that names every socket option and variable that can't be used, or a URL, which it does not show
 */
export function createClient<
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
  RESP extends RespVersions,
  T extends TypeMapping,
>(
  options?: redis.RedisClientOptions<M, F, S, RESP, T> & LifeguardOptions,
): ReturnType<typeof redis.createClient<M, F, S, RESP, T>> {
  if (!isEnabled()) return redis.createClient(options);
  const all = hardened(options ?? {}) as redis.RedisClientOptions<M, F, S, RESP, T>;
  const client = redis.createClient(all);
  followConnects(client);
  return heard(client);
}

/** `createClientPool` of node-redis, as `createClient`. */
export function createClientPool<
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
  RESP extends RespVersions,
  T extends TypeMapping = Record<never, never>,
>(
  options?: Omit<redis.RedisClientOptions<M, F, S, RESP, T>, 'clientSideCache'> & LifeguardOptions,
  poolOptions?: Parameters<typeof redis.createClientPool>[1],
): ReturnType<typeof redis.createClientPool<M, F, S, RESP, T>> {
  if (!isEnabled()) return redis.createClientPool(options, poolOptions);
  followAll();
  const all = hardened(options ?? {}) as typeof options;
  return heard(redis.createClientPool(all, poolOptions));
}

/** `createCluster` of node-redis, as `createClient`: sockets to all nodes are hardened. */
export function createCluster<
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
  RESP extends RespVersions,
  T extends TypeMapping,
>(
  options: redis.RedisClusterOptions<M, F, S, RESP, T> & LifeguardOptions,
): ReturnType<typeof redis.createCluster<M, F, S, RESP, T>> {
  if (!isEnabled()) return redis.createCluster(options);
  followAll();
  for (const { url } of options.rootNodes) checkUrl(url);
  const defaults = hardened({ tcp: options.tcp, ...options.defaults });
  return heard(redis.createCluster({ ...options, defaults } as typeof options));
}

/** `createSentinel` of node-redis, as `createClient`: sockets to all nodes and to the Sentinels are hardened. */
export function createSentinel<
  M extends RedisModules,
  F extends RedisFunctions,
  S extends RedisScripts,
  RESP extends RespVersions,
  T extends TypeMapping,
>(
  options: redis.RedisSentinelOptions<M, F, S, RESP, T> & LifeguardOptions,
): ReturnType<typeof redis.createSentinel<M, F, S, RESP, T>> {
  if (!isEnabled()) return redis.createSentinel(options);
  followAll();
  const nodeClientOptions = hardened({ tcp: options.tcp, ...options.nodeClientOptions });
  const sentinelClientOptions = hardened({ tcp: options.tcp, ...options.sentinelClientOptions });
  const sentinel = redis.createSentinel({ ...options, nodeClientOptions, sentinelClientOptions } as typeof options);
  const { limit } = careOf(nodeClientOptions);
  if (limit) limitSentinelWaits(sentinel, limit);
  return heard(sentinel);
}

let areFollowed = false;

/** For those who make their clients later. One is needed to find the method, and node-redis keeps count of all that were made. */
function followAll(): void {
  if (!areFollowed) followConnects(redis.createClient());
  areFollowed = true;
}

function hardened(given: object): Cared {
  const options: ClientOptions = given;
  checkUrl(options.url);
  const { tcp, limit } = resolveClient(options.tcp, options.name);
  const pace = new ReconnectPace();
  const socket = {
    reconnectStrategy: (retries: number, cause: unknown) => reconnect(pace, retries, cause),
    ...options.socket,
  };
  const isBounded = options.socket?.connectTimeout === undefined;
  const prepare = (each: Socket) => {
    harden(each, tcp);
    if (isBounded) pace.follow(each);
  };
  return marked({ ...options, socket }, { prepare, limit });
}

/** As node-redis has it, a client whose `socketTimeout` has run out does not reconnect. */
function reconnect(pace: ReconnectPace, retries: number, cause: unknown): number | false {
  return Object(cause).constructor.name === 'SocketTimeoutError' ? false : pace.pause(retries + 1);
}

/** An error that nobody listens to would end the process. */
function heard<C>(client: C): C {
  (client as EventEmitter).on('error', () => {});
  return client;
}
