import mariadb, { type Connection } from 'mariadb';
import type { Driver, DriverConnection } from './driver.js';

/** A connection of the promise API. */
export type PromiseConnection = Connection & DriverConnection;

export const promiseDriver: Driver<PromiseConnection> = {
  open: async (options) => (await mariadb.createConnection(options)) as PromiseConnection,
  query: (connection, sql) => own(connection).query.call(connection, sql),
  rollback: (connection) => connection.rollback(),
  reset: (connection) => connection.reset(),
  ping: (connection) => connection.ping(),
  end: (connection) => own(connection).end.call(connection),
};

/** What the class has: a pool gives the connection other methods of these names. */
function own(connection: PromiseConnection): Pick<Connection, 'query' | 'end'> {
  return Object.getPrototypeOf(connection);
}
