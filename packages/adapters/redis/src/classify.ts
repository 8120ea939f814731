import { isPermanentCode } from '@lifeguard/tcp/client';

/**
 * Connecting with the same settings again fails again: the password is wrong or missing, the user may not, protected mode
 * lets nobody in, there is no such database; a certificate that isn't trusted, TLS that can't be agreed on.
 *
 * Not permanent: a server that is full (`ERR max number of clients reached`) or loads its data (`LOADING`).
 */
export function isPermanent(error: unknown): boolean {
  return PERMANENT_REPLIES.test(replyOf(error)) || isPermanentCode(codeOf(error));
}

/** The connection is over, or is no use any more. Failing sockets need not be recognized: the pool does that. */
export function isFatal(error: unknown): boolean {
  return FATAL_REPLIES.test(replyOf(error)) || FATAL_MESSAGES.test(messageOf(error));
}

// The first word of an error of Redis is its kind; ERR is any.
// https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
const PERMANENT_REPLIES =
  /^(WRONGPASS|NOAUTH|NOPERM|DENIED|ERR (invalid password|AUTH |Client sent AUTH|DB index|invalid DB index|SELECT is not allowed))/;
/** `UNBLOCKED` ends a blocking command when the server, a master so far, becomes a replica, which then answers `READONLY`. */
const FATAL_REPLIES = /^(READONLY|UNBLOCKED|NOAUTH)/;

// node-redis gives no codes to its own errors, and their name is Error.
const FATAL_MESSAGES = /^(The client is (closed|offline)|Socket (closed unexpectedly|timeout)|Disconnects client)/;

/** A message of the server; but whoever writes such an error himself is taken at his word. */
const replyOf = (error: unknown) => (codeOf(error) === '' ? messageOf(error) : '');
const messageOf = (error: unknown) => textOf(error, 'message');
const codeOf = (error: unknown) => textOf(error, 'code');

function textOf(error: unknown, field: 'code' | 'message'): string {
  const text: unknown = Object(error)[field];
  return typeof text === 'string' ? text : '';
}
