import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelCredentials, Client } from '@grpc/grpc-js';
import type { Factory } from '@lifeguard/pool';
import { isPermanent } from './classify.js';
import type { ClientClass } from './client.js';
import { type ChannelOptions, driverOptions } from './options.js';
import { SingleConnection } from './single-connection.js';

/** How long calls that a client was given back with may take to end. */
const SET_ASIDE_MILLIS = 1000;

/**
 * Makes clients for `createPool` of `@lifeguard/pool`, each on a connection of its own. They don't reconnect: the pool
 * replaces them.
 *
 * A client that is given back with calls under way is lent again when they have ended, and closed if that takes longer than a
 * second.
 *
 * @param address as for the client's constructor
 */
export function grpcFactory<C extends Client>(
  ServiceClient: ClientClass<C>,
  address: string,
  credentials: ChannelCredentials,
  options: ChannelOptions = {},
): Factory<C> {
  const connections = new WeakMap<C, SingleConnection>();
  /** Thrown by the constructors, for what they can't use. */
  const misconfigured = new WeakSet<object>();
  const isReady = (client: C) => connections.get(client)?.isReady ?? false;
  const make = () => {
    try {
      const connection = new SingleConnection(address, credentials, options);
      const client = new ServiceClient(address, credentials, {
        ...driverOptions(options),
        channelOverride: connection.channel,
      });
      connections.set(client, connection);
      return { client, connection };
    } catch (error) {
      misconfigured.add(Object(error));
      throw error;
    }
  };
  return {
    name: 'grpc',
    create: async () => {
      const { client, connection } = make();
      try {
        await connection.open();
        return client;
      } catch (error) {
        client.close();
        throw error;
      }
    },
    destroy: (client) => connections.get(client)?.close(),
    validate: isReady,
    reset: (client) => {
      const connection = connections.get(client);
      return connection && restore(connection);
    },
    isFatal: (_, client) => !isReady(client),
    isPermanent,
    isCallersFault: (error) => misconfigured.has(Object(error)),
  };
}

function restore(connection: SingleConnection): Promise<void> | undefined {
  if (connection.calls.underWay > 0) return setAside(connection);
  // A call hears of a lost connection before the socket below TLS does.
  if (!connection.isReady) throw new Error('The connection is over');
  return undefined;
}

async function setAside(connection: SingleConnection): Promise<void> {
  const { calls } = connection;
  await Promise.race([calls.none(), delay(SET_ASIDE_MILLIS, undefined, { ref: false })]);
  if (calls.underWay > 0) throw new Error(`${calls.underWay} calls are still under way`);
  return restore(connection);
}
