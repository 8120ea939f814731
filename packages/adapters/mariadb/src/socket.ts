import type { Driver, DriverConnection } from './driver.js';

/** How long a connection that is closed may take to answer what it was asked. */
const GOODBYE_MILLIS = 1000;

/**
 * Closes a connection now, and whoever waits for an answer is told. The driver's own `destroy` would first open another
 * connection, to kill the query, and for a server that is away it would wait for that.
 */
export function cutOff(connection: DriverConnection): void {
  const socket = connection.__tests?.getSocket?.();
  // With an error, for the driver does not look at a socket that only closes.
  if (socket && !socket.destroyed) socket.destroy(destroyed());
  else Object.getPrototypeOf(connection).destroy.call(connection);
}

/** Says goodbye. A connection that is owed an answer, which comes first, is cut off after a second. */
export async function close<C extends DriverConnection>(driver: Driver<C>, connection: C): Promise<void> {
  const patience = setTimeout(() => cutOff(connection), GOODBYE_MILLIS);
  try {
    // After its `end` the driver would tell nobody that the connection was cut off.
    if (connection.isValid()) await driver.ping(connection);
    if (connection.isValid()) await driver.end(connection);
  } catch {
    cutOff(connection);
  } finally {
    clearTimeout(patience);
  }
}

function destroyed(): Error {
  const error = new Error('Connection destroyed before the server had answered');
  // The code that the driver has for it.
  return Object.assign(error, { code: 'ER_CMD_NOT_EXECUTED_DESTROYED', fatal: true });
}
