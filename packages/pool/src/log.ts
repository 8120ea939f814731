import { withoutCredentials } from '@lifeguard/tcp/client';
import { pino } from 'pino';
import { clockMillis } from './clock.js';
import type { Connection } from './connection.js';

type Write = (fields: object, message: string) => void;

/** The part of pino's face that the pool uses. */
export interface Logger {
  trace: Write;
  debug: Write;
  info: Write;
  warn: Write;
  error: Write;
}

/** What is written of an error: never its whole body, in which drivers keep addresses with passwords. */
export interface LoggedError {
  readonly type: string;
  readonly code: string | undefined;
  readonly message: string;
}

/** A logger on stderr, for stdout belongs to the program. */
export function createLogger(level: string): Logger {
  return pino({ name: 'lifeguard', level }, pino.destination({ fd: 2, sync: true }));
}

/** An error's fields for a log line, without secrets. */
export function describeError(error: unknown): LoggedError | undefined {
  if (error === undefined) return undefined;
  const { name, code, message } = Object(error) as { name?: unknown; code?: unknown; message?: unknown };
  return {
    type: typeof name === 'string' ? name : typeof error,
    code: typeof code === 'string' ? code : undefined,
    message: withoutCredentials(typeof message === 'string' ? message : String(error)),
  };
}

/** What a log line may tell beside its message. */
export interface Facts {
  readonly connection?: Connection<unknown>;
  readonly error?: unknown;
  readonly [fact: string]: unknown;
}

/** Writes one line: an operator sees in it which pool, which peer, how old. */
export type Log = (level: 'debug' | 'info' | 'warn' | 'error', message: string, facts?: Facts) => void;

/**
 * A log that puts the pool's name on every line, and says of a connection and of an error what may be said. What the logger
 * throws is thrown again outside, as an uncaught exception: it must not keep the pool from what it is about.
 */
export function logFor(pool: string, logger: Logger): Log {
  return (level, message, { connection, error, ...facts } = {}) => {
    const about = connection && {
      peer: connection.peer,
      ageMillis: clockMillis() - connection.createdAt,
      uses: connection.uses,
    };
    try {
      logger[level]({ pool, ...about, ...facts, ...(error !== undefined && { error: describeError(error) }) }, message);
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
    }
  };
}
