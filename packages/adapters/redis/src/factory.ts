import type { Factory } from '@lifeguard/pool';
import { createClient, type RedisClientOptions } from 'redis';
import { isFatal, isPermanent } from './classify.js';
import { checkUrl } from './secrets.js';
import { type PooledClient, Session } from './session.js';

/** What `createClient` of node-redis returns for options without modules or scripts. */
export type PlainClient = ReturnType<typeof createClient>;

/**
 * Makes clients for `createPool` of `@lifeguard/pool`, for what needs a connection of its own: blocking commands, WATCH and
 * MULTI. They don't reconnect: the pool replaces them.
 *
 * A client that is given back in a transaction, after WATCH or with another database selected is put right; one that has
 * subscribed, changed its user or its settings, or is still blocked after a second, is closed. One that is clean is lent
 * again without a word to the server.
 *
 * @param options as for `createClient` of node-redis, or a URL. `socket.reconnectStrategy` has no use here
 */
export function redisFactory(options: string | RedisClientOptions = {}): Factory<PlainClient> {
  const given = typeof options === 'string' ? { url: options } : options;
  const sessions = new WeakMap<PlainClient, Session>();
  /** Thrown for options that node-redis can't use, before anything was connected. */
  const misconfigured = new WeakSet<object>();
  return {
    name: 'redis',
    create: async () => {
      const client = make(given, misconfigured);
      await open(client);
      sessions.set(client, new Session(client as unknown as PooledClient));
      return client;
    },
    destroy: (client) => {
      if (client.isOpen) client.destroy();
    },
    validate: async (client) => {
      await client.ping();
      return true;
    },
    reset: (client) => sessions.get(client)?.restore(),
    isFatal: (error, client) => !client.isReady || isFatal(error),
    isPermanent,
    isCallersFault: (error) => misconfigured.has(Object(error)),
  };
}

/** node-redis takes a server for ready that has let nobody in yet, or loads its data. The first command tells. */
async function open(client: PlainClient): Promise<void> {
  await client.connect();
  try {
    await client.ping();
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw error;
  }
}

function make(options: RedisClientOptions, misconfigured: WeakSet<object>): PlainClient {
  const socket = { ...options.socket, reconnectStrategy: false };
  try {
    const all = { ...options, socket } as RedisClientOptions;
    checkUrl(options.url);
    const client = createClient(all) as unknown as PlainClient;
    // An error that nobody listens to would end the process.
    client.on('error', () => {});
    return client;
  } catch (error) {
    misconfigured.add(Object(error));
    throw error;
  }
}
