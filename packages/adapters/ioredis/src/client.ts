import type { Socket } from 'node:net';
import { type ClientSettings, resolveClient } from '@lifeguard/pool/client';
import { harden, isEnabled, type TcpOptions } from '@lifeguard/tcp';
import { ReconnectPace } from '@lifeguard/tcp/client';
import { Redis, type RedisOptions } from 'ioredis';
import { leadsToReplica } from './classify.js';
import { type Prepare, preparingConnector } from './connector.js';
import type { ClientOptions } from './options.js';
import { hidingUrl, keepSecrets } from './secrets.js';
import { isPatienceGiven, limitWaits } from './wait-limit.js';

/** What `new Redis()` takes. */
export type ClientArguments =
  | [port: number, host: string, options?: ClientOptions]
  | [portOrPath: number | string, options?: ClientOptions]
  | [options?: ClientOptions];

/**
 * Makes an ordinary `Redis`, for one server or for a master that Sentinels watch over. Every socket that it opens is
 * hardened, in each reconnect and in each duplicate. While the server is away it is tried again at least every 0.8 s, and
 * a server that has become a replica is left; a `retryStrategy`, `sentinelRetryStrategy`, `reconnectOnError` or
 * `connectTimeout` of your own goes before that. A command waits for a connection no longer than `LIFEGUARD_ACQUIRE_TIMEOUT`
 * (10 s), and fails with a `NotConnectedError` then, unless you give `maxRetriesPerRequest` or `commandTimeout`.
 *
 * With `LIFEGUARD_ENABLED` off it is `new Redis()`, and that is all.
 *
 * @throws {ConfigError} that names every socket option and variable that can't be used, or a URL, which it does not show
 */
export function createClient(...args: ClientArguments): Redis {
  const { address, options } = split(args);
  if (!isEnabled()) return construct(address, options);
  const settings = settingsOf(options.tcp, options);
  const all = { ...options, ...hardening(options, settings.tcp) };
  return equip(
    hidingUrl(() => construct(address, all)),
    options,
    settings,
  );
}

/** Without a limit for who has said by himself how long his commands wait. */
export function settingsOf(given: Partial<TcpOptions> | undefined, options: RedisOptions): ClientSettings {
  const { tcp, limit } = resolveClient(given, options.connectionName);
  return { tcp, limit: isPatienceGiven(options) ? undefined : limit };
}

/** The options that are set here, those that are given among them. */
function hardening(options: ClientOptions, tcp: Readonly<TcpOptions>): RedisOptions {
  const pace = new ReconnectPace();
  const {
    retryStrategy = (times) => pace.pause(times),
    sentinelRetryStrategy = (times) => Math.min(times * 10, SENTINELS_CEILING_MILLIS),
    reconnectOnError = isForReading(options) ? null : leadsToReplica,
    connectTimeout,
  } = options;
  const prepare = preparation(tcp, connectTimeout === undefined ? pace : undefined);
  return { retryStrategy, sentinelRetryStrategy, reconnectOnError, Connector: preparingConnector(options, prepare) };
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

/** What options can't do, of the client and of its duplicates. */
function equip(redis: Redis, options: ClientOptions, { tcp, limit }: ClientSettings): Redis {
  keepSecrets(redis);
  // In a URL it is a text, whichever, which ioredis takes for no limit.
  if (limit && typeof redis.options.maxRetriesPerRequest === 'number') limitWaits(redis, limit);
  const { duplicate } = redis;
  redis.duplicate = (override = {}) => {
    const all = { ...options, ...override };
    const settings = { tcp, limit: isPatienceGiven(override) ? undefined : limit };
    return equip(duplicate.call(redis, { ...override, ...hardening(all, tcp) }), all, settings);
  };
  return redis;
}

type Address = readonly (number | string)[];

function split(args: readonly (number | string | ClientOptions | undefined)[]): {
  readonly address: Address;
  readonly options: ClientOptions;
} {
  // What is neither an address nor options is for the driver to refuse.
  const address = args.filter((arg) => arg !== undefined && typeof arg !== 'object');
  const [options = {}] = args.filter((arg) => typeof arg === 'object' && arg !== null);
  return { address, options };
}

/** The constructor takes them as they come; its types know each number of arguments by itself. */
function construct(address: Address, options: ClientOptions): Redis {
  return new (Redis as unknown as new (...args: (number | string | ClientOptions)[]) => Redis)(...address, options);
}
