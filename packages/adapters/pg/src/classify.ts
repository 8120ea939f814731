import { isPermanentCode } from '@lifeguard/tcp/client';

/**
 * Connecting with the same settings again fails again: wrong password or role, no such database, a setting that the server
 * doesn't take. By SQLSTATE class: 0A feature not supported, 22 bad value, 28 not authorized, 3D no such database, 42 not
 * allowed or not understood. By Node.js: a certificate that isn't trusted, TLS that can't be agreed on, a malformed
 * address. By pg: TLS that the server hasn't got, a password that is missing or not the server's. By PgBouncer, in words: the
 * same, for all its errors have one SQLSTATE.
 *
 * Not permanent: a server that is full (53…), starting, stopping or not a primary (57P…), switched off (55000), or a
 * PgBouncer that is full, or can't reach its server (08…).
 */
export function isPermanent(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === '08P01') return PERMANENT_MESSAGES_OF_PGBOUNCER.test(textOf(error, 'message'));
  if (state !== undefined) return PERMANENT_STATES.test(state);
  return isPermanentCode(textOf(error, 'code')) || PERMANENT_MESSAGES.test(textOf(error, 'message'));
}

/** A connect failed for a reason that neither the server, nor the network, nor the driver has given. */
export function isCallersFault(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isCallersFault);
  const isKnown = sqlStateOf(error) !== undefined || isSystemError(error) || isOfPool(error);
  return !isKnown && !TRANSIENT_MESSAGES.test(textOf(error, 'message'));
}

/** The connection is over, or will be at once. Failing sockets need not be recognized: the pool does that. */
export function isFatal(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === undefined) {
    return FATAL_CODES.has(textOf(error, 'code')) || FATAL_MESSAGES.test(textOf(error, 'message'));
  }
  return FATAL_STATES.test(state) || FATAL_SEVERITIES.has(textOf(error, 'severity'));
}

/** The server said no to a statement, and goes on. */
export function isStatementError(error: unknown): boolean {
  return sqlStateOf(error) !== undefined && !isFatal(error);
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const PERMANENT_STATES = /^(0A|22|28|3D|42)/;
const FATAL_STATES = /^(08|57P)/;
/** A server that speaks another language may translate them; then the SQLSTATE and the end of the socket tell. */
const FATAL_SEVERITIES: ReadonlySet<string> = new Set(['FATAL', 'PANIC']);

const FATAL_CODES: ReadonlySet<string> = new Set(['ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_DESTROYED']);

// pg gives no codes to its own errors.
const PERMANENT_MESSAGES = /^(The server does not support SSL connections|SASL: |Password must be a string)/;
// From its `disconnect_client`, in client.c and objects.c: https://github.com/pgbouncer/pgbouncer/tree/master/src
const PERMANENT_MESSAGES_OF_PGBOUNCER =
  /^((SASL|password|certificate|PAM|LDAP|"trust") authentication failed|(unix socket )?login rejected|no such (user|database)|database ".*" does not exist|unsupported (options )?startup parameter|SSL required)/s;
const TRANSIENT_MESSAGES = /^(Connection terminated|timeout expired|There was an error establishing an SSL connection)/;
const FATAL_MESSAGES =
  /^(Connection terminated|Client (has encountered a connection error|was closed)|Received unexpected )/;

/** pg gives a server's error its SQLSTATE as `code`, which may look like an errno: `EPIPE`. It has a severity beside it. */
function sqlStateOf(error: unknown): string | undefined {
  const code = textOf(error, 'code');
  return /^[0-9A-Z]{5}$/.test(code) && textOf(error, 'severity') !== '' ? code : undefined;
}

function isSystemError(error: unknown): boolean {
  return typeof Object(error).errno === 'number' || /^E(?!RR_)[A-Z0-9_]+$/.test(textOf(error, 'code'));
}

function isOfPool(error: unknown): boolean {
  return textOf(error, 'code').startsWith('ERR_POOL_');
}

function textOf(error: unknown, field: 'code' | 'severity' | 'message'): string {
  const text: unknown = Object(error)[field];
  return typeof text === 'string' ? text : '';
}
