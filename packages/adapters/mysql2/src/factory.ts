import type { Factory } from '@lifeguard/pool';
import mysql, { type Connection, type ConnectionOptions } from 'mysql2';
import { isCallersFault, isFatal, isPermanent } from './classify.js';
import { ask, close, isBusy, isUsable, opened, opensAtOnce } from './connection.js';
import { inside } from './driver.js';
import { toDriverOptions } from './options.js';
import { Session } from './session.js';

/**
 * Makes connections for `createPool` of `@lifeguard/pool`.
 *
 * On its return, an open transaction is rolled back and a changed session is made anew; a connection that is still owed an
 * answer is closed. After an error a connection goes back only if the server has answered everything.
 *
 * @param config as for mysql2's `createConnection`
 * @throws {ConfigError} if the URL can't be parsed
 */
export function mysql2Factory(config: string | ConnectionOptions): Factory<Connection> {
  const options = toDriverOptions(config);
  const sessions = new WeakMap<Connection, Session>();
  return {
    name: 'mysql2',
    opensAtOnce: opensAtOnce(options),
    async create() {
      const connection = mysql.createConnection({ ...options });
      const session = new Session(inside(connection));
      await opened(inside(connection));
      await session.track();
      sessions.set(connection, session);
      return connection;
    },
    destroy: (connection) => close(inside(connection), () => connection.end()),
    async validate(connection) {
      await ask((callback) => inside(connection).ping(callback));
      return true;
    },
    reset: (connection) => clean(connection, sessions.get(connection)),
    isFatal: (error, connection) => isFatal(error) || !isUsable(inside(connection)) || isBusy(inside(connection)),
    isPermanent,
    isCallersFault,
  };
}

function clean(connection: Connection, session: Session | undefined): Promise<void> | undefined {
  if (!session || isBusy(inside(connection))) throw new Error('released with a query under way');
  if (session.isBeyondRepair) throw new Error('released with a session that can’t be restored');
  if (session.isChanged) return session.restore();
  return session.isInTransaction ? session.rollback() : undefined;
}
