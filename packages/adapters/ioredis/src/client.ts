import type { Socket } from 'node:net';
import { harden, isEnabled, type TcpOptions } from '@lifeguard/tcp';
import { ReconnectPace, resolveClientTcp } from '@lifeguard/tcp/client';
import { Redis, type RedisOptions } from 'ioredis';
import { leadsToReplica } from './classify.js';
import { type Prepare, preparingConnector } from './connector.js';
import type { ClientOptions } from './options.js';
import { maskSecrets } from './secrets.js';

/** What `new Redis()` takes. */
export type ClientArguments =
  | [port: number, host: string, options?: ClientOptions]
  | [portOrPath: number | string, options?: ClientOptions]
  | [options?: ClientOptions];

/**
 * Makes an ordinary `Redis`, for one server or for a master that Sentinels watch over. Every socket that it opens is
 * hardened, in each reconnect and in each duplicate. While the server is away it is tried again at least every 0.8 s, and
 * a server that has become a replica is left; a `retryStrategy`, `sentinelRetryStrategy`, `reconnectOnError` or
 * `connectTimeout` of your own goes before that.
 *
 * With `LIFEGUARD_ENABLED` off it is `new Redis()`, and that is all.
 *
 * @throws {ConfigError} that names every socket option and variable that can't be used
 */
export function createClient(...args: ClientArguments): Redis {
  const { address, options } = split(args);
  if (!isEnabled()) return construct(address, options);
  return keepSecrets(construct(address, hardened(options)));
}

function hardened(options: ClientOptions): ClientOptions {
  const tcp = resolveClientTcp(options.tcp, options.connectionName);
  const pace = new ReconnectPace();
  const prepare = preparation(tcp, options.connectTimeout === undefined ? pace : undefined);
  return {
    retryStrategy: (times) => pace.pause(times),
    sentinelRetryStrategy: (times) => Math.min(times * 10, SENTINELS_CEILING_MILLIS),
    ...(!isForReading(options) && { reconnectOnError: leadsToReplica }),
    ...options,
    Connector: preparingConnector(options, prepare),
  };
}

/** When all Sentinels have been asked in vain. */
const SENTINELS_CEILING_MILLIS = 500;

/** What is done with each socket before it connects. Without a pace, a connect may take as long as the driver lets it. */
export function preparation(tcp: Readonly<TcpOptions>, pace: ReconnectPace | undefined): Prepare {
  return (socket: Socket) => {
    harden(socket, tcp);
    pace?.follow(socket);
  };
}

/** Whether it is meant to be connected to replicas. */
function isForReading({ role, readOnly }: RedisOptions): boolean {
  return role === 'slave' || readOnly === true;
}

/** It is in this method that a refused password becomes everybody's error. */
function keepSecrets(redis: Redis): Redis {
  const { recoverFromFatalError, duplicate } = redis;
  redis.recoverFromFatalError = (...args) => {
    for (const error of args.slice(0, 2)) maskSecrets(error);
    recoverFromFatalError.apply(redis, args);
  };
  redis.duplicate = (...args) => keepSecrets(duplicate.apply(redis, args));
  return redis;
}

type Address = readonly (number | string)[];

function split(args: readonly (number | string | ClientOptions | undefined)[]): {
  readonly address: Address;
  readonly options: ClientOptions;
} {
  const address = args.filter((arg) => typeof arg === 'number' || typeof arg === 'string');
  const [options = {}] = args.filter((arg) => typeof arg === 'object' && arg !== null);
  return { address, options };
}

/** The constructor takes them as they come; its types know each number of arguments by itself. */
function construct(address: Address, options: ClientOptions): Redis {
  return new (Redis as unknown as new (...args: (number | string | ClientOptions)[]) => Redis)(...address, options);
}
