import mariadb, { type Connection } from 'mariadb/callback';
import { ask, type Driver, type DriverConnection } from './driver.js';

/** A connection of the callback API. */
export type CallbackConnection = Connection & DriverConnection;
type Callback = (error: unknown, result?: unknown) => void;

/** What the types leave out. */
interface Connecting {
  connect(callback: Callback): void;
}

export const callbackDriver: Driver<CallbackConnection> = {
  open: async (options) => {
    const connection = mariadb.createConnection(options) as CallbackConnection & Connecting;
    // An error that nobody listens to would end the process.
    connection.on('error', () => {});
    await ask((callback) => connection.connect(callback));
    return connection;
  },
  query: (connection, sql) => ask((callback) => own(connection).query.call(connection, sql, callback as Callback)),
  rollback: (connection) => ask((callback) => connection.rollback(callback as Callback)),
  reset: (connection) => ask((callback) => connection.reset(callback as Callback)),
  ping: (connection) => ask((callback) => connection.ping(callback as Callback)),
  end: (connection) => ask((callback) => own(connection).end.call(connection, callback as Callback)),
};

/** What the class has: a pool gives the connection other methods of these names. */
function own(connection: CallbackConnection): Pick<Connection, 'query' | 'end'> {
  return Object.getPrototypeOf(connection);
}
