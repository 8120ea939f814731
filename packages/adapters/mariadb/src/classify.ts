import { isPermanentCode } from '@lifeguard/tcp/client';

/**
 * Connecting with the same settings again fails again: wrong password or user, no such database, a host that may not
 * connect, TLS or a way to log in that one of the two sides hasn't got, a certificate that isn't trusted.
 *
 * Not permanent: a server that is full, starting or stopping, or that has blocked this host for failing too often.
 */
export function isPermanent(error: unknown): boolean {
  return chainOf(error).some(({ errno, code }) => PERMANENT.has(Number(errno)) || isPermanentCode(code));
}

/** A connect failed for a reason that neither the server, nor the network, nor the driver has given. */
export function isCallersFault(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isCallersFault);
  return !chainOf(error).some(({ errno, code }) => typeof errno === 'number' || KNOWN_CODES.test(String(code)));
}

/** The connection is over, or will be at once, or leads to a server that has become read-only. */
export function isFatal(error: unknown): boolean {
  return chainOf(error).some(({ fatal, errno }) => fatal === true || FATAL.has(Number(errno)) || isReadOnly(error));
}

/** The server takes no writes any more: after a failover it is not the primary. */
export function isReadOnly(error: unknown): boolean {
  const { errno } = Object(error);
  // ER_OPTION_PREVENTS_STATEMENT, ER_READ_ONLY_MODE
  return errno === 1290 || errno === 1836;
}

// https://mariadb.com/kb/en/mariadb-error-code-reference/; from 45000 on they are the driver's own, of lib/misc/errors.js
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
  3118, // ER_ACCOUNT_HAS_BEEN_LOCKED of MySQL
  3159, // ER_SECURE_TRANSPORT_REQUIRED
  4151, // ER_ACCOUNT_HAS_BEEN_LOCKED
  45023, // ER_SERVER_SSL_DISABLED
]);
const FATAL: ReadonlySet<number> = new Set([
  1053, // ER_SERVER_SHUTDOWN
  1152, // ER_ABORTING_CONNECTION
  1158, // ER_NET_READ_ERROR
  1159, // ER_NET_READ_INTERRUPTED
  1160, // ER_NET_ERROR_ON_WRITE
  1161, // ER_NET_WRITE_INTERRUPTED
  1184, // ER_NEW_ABORTING_CONNECTION
  1927, // ER_CONNECTION_KILLED
]);

const KNOWN_CODES = /^(ERR_POOL_|ER_|E(?!RR_|R_)[A-Z0-9_]+$)/;

interface Fields {
  readonly errno?: unknown;
  readonly code?: unknown;
  readonly fatal?: unknown;
}

/** The driver wraps errors of the network, and of TLS, in its own. */
function chainOf(error: unknown): Fields[] {
  const { cause } = Object(error);
  return cause === undefined ? [Object(error)] : [Object(error), ...chainOf(cause)];
}
