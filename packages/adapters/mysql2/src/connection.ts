import { once } from 'node:events';
import type { DriverConnection } from './driver.js';

/** Opens what a constructor of the driver has begun to open. */
export function opened<C extends DriverConnection>(connection: C): Promise<C> {
  // An error that nobody listens to would end the process.
  connection.on('error', () => {});
  return new Promise((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve(connection)));
  });
}

/** Whether a connection with these options opens its socket as it is made. A stream of the program's may do so later. */
export function opensAtOnce({ stream }: { readonly stream?: unknown }): boolean {
  return !stream;
}

/** Whether the connection can take a command: it has neither failed nor been ended. */
export function isUsable(connection: DriverConnection): boolean {
  const { _closing, _fatalError, _protocolError, stream } = connection;
  return !(_closing || _fatalError || _protocolError || stream.destroyed);
}

/** Whether the server owes the connection an answer, or the answer has been stopped halfway. */
export function isBusy(connection: DriverConnection): boolean {
  return Boolean(connection._command) || connection._commands.length > 0 || connection._paused;
}

/**
 * Says goodbye to the server and closes the connection. Resolves once it is closed. One that is owed an answer is cut off,
 * and whoever waits for the answer is told: the server would not read a goodbye before it has given it.
 *
 * @param quit sends the goodbye
 */
export async function close(connection: DriverConnection, quit: () => void): Promise<void> {
  const { stream } = connection;
  if (stream.closed) return;
  const closed = once(stream, 'close').catch(() => {});
  if (isUsable(connection) && isBusy(connection)) stream.destroy(abandoned());
  else if (isUsable(connection)) quit();
  await closed;
}

/** Runs a method of the connection that takes a callback. */
export function ask(run: (callback: (error: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}

function abandoned(): Error {
  const error = new Error('Connection lost: it was closed before the server had answered.');
  // The code that mysql2 has for connections which end under a query.
  return Object.assign(error, { code: 'PROTOCOL_CONNECTION_LOST', fatal: true });
}
