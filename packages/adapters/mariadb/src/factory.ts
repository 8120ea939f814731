import type { Factory } from '@lifeguard/pool';
import type { Connection, ConnectionConfig } from 'mariadb';
import { isCallersFault, isFatal, isPermanent } from './classify.js';
import { Opener } from './opener.js';
import { readConfig, toConnectionOptions } from './options.js';
import { type PromiseConnection, promiseDriver } from './promise-driver.js';
import { Session } from './session.js';
import { close } from './socket.js';

/**
 * Makes connections of mariadb's promise API for `createPool` of `@lifeguard/pool`.
 *
 * On its return, a connection waits for what it is still owed, an open transaction is rolled back and a changed session is
 * made anew.
 *
 * @param config as for mariadb's `createConnection`
 * @throws {ConfigError} if the URL can't be parsed
 */
export function mariadbFactory(config: string | ConnectionConfig): Factory<Connection> {
  const options = toConnectionOptions(readConfig(config));
  const sessions = new WeakMap<Connection, Session<PromiseConnection>>();
  const opener = new Opener(promiseDriver);
  const open = async () => {
    const connection = await opener.open(options);
    connection.on('error', () => {});
    const session = new Session(connection, promiseDriver, options.database);
    await session.track();
    sessions.set(connection, session);
    return connection;
  };
  return {
    name: 'mariadb',
    get opensAtOnce() {
      return opener.opensAtOnce;
    },
    create: open,
    destroy: (connection) => close(promiseDriver, connection as PromiseConnection),
    validate: async (connection) => {
      await connection.ping();
      return true;
    },
    reset: (connection) => clean(connection, sessions.get(connection)),
    isFatal(error, connection) {
      sessions.get(connection)?.failed(error);
      return isFatal(error) || !connection.isValid();
    },
    isPermanent,
    isCallersFault,
  };
}

async function clean(connection: Connection, session: Session<PromiseConnection> | undefined): Promise<void> {
  if (!session || !connection.isValid()) throw new Error('the connection is closed');
  await session.rollback();
  if (session.isBeyondRepair) throw new Error('the server has become read-only');
  if (session.isChanged) await session.restore();
}
