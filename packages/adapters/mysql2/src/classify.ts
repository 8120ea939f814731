import { isPermanentCode } from '@lifeguard/tcp/client';

/**
 * Connecting with the same settings again fails again: wrong password or user, no such database, a host that may not
 * connect, TLS or a way to log in that one of the two sides hasn't got, a certificate that isn't trusted.
 *
 * Not permanent: a server that is full, starting or stopping, or that has blocked this host for failing too often.
 */
export function isPermanent(error: unknown): boolean {
  const errno = serverErrno(error);
  if (errno !== undefined) return PERMANENT.has(errno);
  const { code, message } = textsOf(error);
  if (code === 'HANDSHAKE_SSL_ERROR') return !isSystemError(error) && !TRANSIENT_TLS.test(message);
  return isPermanentCode(code) || PERMANENT_CODES.has(code) || PERMANENT_MESSAGES.test(message);
}

/** A connect failed for a reason that neither the server, nor the network, nor the driver has given. */
export function isCallersFault(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isCallersFault);
  if (serverErrno(error) !== undefined || isSystemError(error)) return false;
  return !KNOWN_CODES.test(textsOf(error).code);
}

/** The connection is over, or will be at once, or leads to a server that has become read-only. */
export function isFatal(error: unknown): boolean {
  const errno = serverErrno(error);
  if (errno !== undefined) return FATAL.has(errno) || isReadOnly(errno) || Object(error).fatal === true;
  return Object(error).fatal === true || FATAL_CODES.has(textsOf(error).code);
}

/**
 * The server takes no writes any more: after a failover it is not the primary. `ER_OPTION_PREVENTS_STATEMENT`, the errno of
 * which has other uses, and `ER_READ_ONLY_MODE`; mysql2's pool judges by them, too.
 */
export function isReadOnly(errno: number): boolean {
  return errno === 1290 || errno === 1836;
}

// https://mariadb.com/kb/en/mariadb-error-code-reference/
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
const PERMANENT: ReadonlySet<number> = new Set([
  1044, // ER_DBACCESS_DENIED_ERROR
  1045, // ER_ACCESS_DENIED_ERROR
  1049, // ER_BAD_DB_ERROR
  1115, // ER_UNKNOWN_CHARACTER_SET
  1130, // ER_HOST_NOT_PRIVILEGED
  1251, // ER_NOT_SUPPORTED_AUTH_MODE
  1275, // ER_SERVER_IS_IN_SECURE_AUTH_MODE
  1524, // ER_PLUGIN_IS_NOT_LOADED
  1698, // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  1820, // ER_MUST_CHANGE_PASSWORD
  1862, // ER_MUST_CHANGE_PASSWORD_LOGIN
  3118, // ER_ACCOUNT_HAS_BEEN_LOCKED
  3159, // ER_SECURE_TRANSPORT_REQUIRED
  4151, // ER_ACCOUNT_HAS_BEEN_LOCKED of MariaDB
]);
const FATAL: ReadonlySet<number> = new Set([
  1053, // ER_SERVER_SHUTDOWN
  1079, // ER_NORMAL_SHUTDOWN and the others of a server that goes
  1080, // ER_FORCING_CLOSE
  1152, // ER_ABORTING_CONNECTION
  1158, // ER_NET_READ_ERROR
  1159, // ER_NET_READ_INTERRUPTED
  1160, // ER_NET_ERROR_ON_WRITE
  1161, // ER_NET_WRITE_INTERRUPTED
  1184, // ER_NEW_ABORTING_CONNECTION
  1927, // ER_CONNECTION_KILLED
  4031, // ER_CLIENT_INTERACTION_TIMEOUT
]);

/** Of mysql2 itself. */
const PERMANENT_CODES: ReadonlySet<string> = new Set(['HANDSHAKE_NO_SSL_SUPPORT', 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED']);
const KNOWN_CODES = /^(PROTOCOL_|HANDSHAKE_|ERR_POOL_|E(?!RR_|R_)[A-Z0-9_]+$)/;
const FATAL_CODES: ReadonlySet<string> = new Set(['ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_DESTROYED']);
const PERMANENT_MESSAGES = /^Server requests authentication using unknown plugin/;
/** mysql2 gives all that goes wrong in a TLS handshake one code. */
const TRANSIENT_TLS = /socket disconnected/;

/** Of an error that the server has sent. */
function serverErrno(error: unknown): number | undefined {
  const { errno, sqlState } = Object(error);
  return typeof errno === 'number' && errno > 0 && typeof sqlState === 'string' ? errno : undefined;
}

function isSystemError(error: unknown): boolean {
  return typeof Object(error).errno === 'number' && typeof Object(error).syscall === 'string';
}

function textsOf(error: unknown): { code: string; message: string } {
  const { code, message } = Object(error);
  return { code: typeof code === 'string' ? code : '', message: typeof message === 'string' ? message : '' };
}
