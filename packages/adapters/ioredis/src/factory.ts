import type { Factory } from '@lifeguard/pool';
import { harden } from '@lifeguard/tcp';
import { Redis, type RedisOptions } from 'ioredis';
import { isFatal, isPermanent } from './classify.js';
import { ownConnector } from './connector.js';
import { hidingUrl, maskSecrets } from './secrets.js';
import { Session } from './session.js';

/**
 * Makes clients for `createPool` of `@lifeguard/pool`, for what needs a connection of its own: blocking commands, WATCH and
 * MULTI. They don't reconnect: the pool replaces them.
 *
 * A client that is given back in a transaction, watching keys or with another database selected is put right; one that
 * has subscribed, changed its user or its settings, or is still blocked after a second, is closed. One that is clean is
 * lent again without a word to the server.
 *
 * @param options as for `new Redis`: a URL or an object. `retryStrategy`, `sentinelRetryStrategy` and
 *   `lazyConnect` have no use here
 */
export function redisFactory(options: string | RedisOptions = {}): Factory<Redis> {
  const sessions = new WeakMap<Redis, Session>();
  /** Thrown for options that ioredis can't use, before anything was connected. */
  const misconfigured = new WeakSet<object>();
  return {
    name: 'redis',
    create: async () => {
      const ofSentinels: unknown[] = [];
      const redis = make(options, misconfigured, (error) => {
        maskSecrets(error);
        ofSentinels.push(error);
      });
      await open(redis, ofSentinels);
      sessions.set(redis, new Session(redis));
      return redis;
    },
    destroy: close,
    validate: async (redis) => {
      await redis.ping();
      return true;
    },
    reset: (redis) => sessions.get(redis)?.restore(),
    isFatal: (error, redis) => redis.status !== 'ready' || isFatal(error),
    isPermanent,
    isCallersFault: (error) => misconfigured.has(Object(error)),
  };
}

/** @param onError told of what asking the Sentinels has failed of */
function make(
  options: string | RedisOptions,
  misconfigured: WeakSet<object>,
  onError: (error: unknown) => void,
): Redis {
  const given = typeof options === 'string' ? {} : options;
  const settings: RedisOptions = {
    ...given,
    lazyConnect: true,
    retryStrategy: null,
    // It would go on asking Sentinels for ever, when nobody waits for it any more.
    sentinelRetryStrategy: () => null,
    // Sentinels are asked through sockets of their own, whose end says nothing of the connection.
    Connector: given.Connector ?? ownConnector(given, harden, onError),
  };
  try {
    return hidingUrl(() => (typeof options === 'string' ? new Redis(options, settings) : new Redis(settings)));
  } catch (error) {
    misconfigured.add(Object(error));
    throw error;
  }
}

/** The promise of `connect` only says that the connection is closed; the event, or the first answer, says why. */
async function open(redis: Redis, ofSentinels: readonly unknown[]): Promise<void> {
  let reason: unknown;
  redis.on('error', (error) => {
    maskSecrets(error);
    reason ??= error;
  });
  const refusal = listenForRefusal(redis);
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw withReasons(refusal.error ?? reason ?? error, ofSentinels);
  } finally {
    refusal.stop();
  }
  // ioredis goes on without the database that it was to select.
  if (reason === undefined) return;
  await close(redis);
  throw reason;
}

/** By these a pool knows whether the Sentinels are away, and may be asked again soon. */
function withReasons(error: unknown, ofSentinels: readonly unknown[]): unknown {
  const message = String(Object(error).message);
  // ioredis gives it no code.
  const isOfSentinels = ofSentinels.length > 0 && message.startsWith('All sentinels are unreachable');
  return isOfSentinels ? new AggregateError(ofSentinels, message, { cause: error }) : error;
}

/**
 * A full server answers to the first command, whichever that is, and ioredis makes nothing of an answer to `CLIENT SETINFO`,
 * which older servers don't know.
 */
function listenForRefusal(redis: Redis): { readonly error: unknown; stop(): void } {
  const { sendCommand } = redis;
  const heard: { error: unknown; stop(): void } = {
    error: undefined,
    stop: () => {
      redis.sendCommand = sendCommand;
    },
  };
  redis.sendCommand = ((command, ...more) => {
    command.promise.catch((error: Error) => {
      maskSecrets(error);
      if (error.name === 'ReplyError' && !/unknown|wrong number/i.test(error.message)) heard.error ??= error;
    });
    return Reflect.apply(sendCommand, redis, [command, ...more]);
  }) as Redis['sendCommand'];
  return heard;
}

/** Resolves once the connection is closed, for which the driver gives itself two seconds. */
async function close(redis: Redis): Promise<void> {
  if (redis.status === 'end') return;
  await new Promise<void>((resolve) => {
    redis.once('end', resolve);
    redis.disconnect();
  });
}
