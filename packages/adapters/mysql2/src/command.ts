import type { QueryCommand } from './driver.js';
import type { PooledConnection } from './pooled-connection.js';

/** Gives a connection a command, and has it given back when that has ended. */
export function run(command: QueryCommand, connection: PooledConnection): void {
  try {
    connection.query(command).on('end', connection.giveBackAtEnd);
  } catch (error) {
    connection.release();
    // Not before its caller can listen.
    process.nextTick(fail, command, error);
  }
}

/** Tells whoever waits for a command that it is not carried out. */
export function fail(command: QueryCommand, error: unknown): void {
  if (typeof command.onResult === 'function') command.onResult(error);
  else command.emit('error', error);
}
