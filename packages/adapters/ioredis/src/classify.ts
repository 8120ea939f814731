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
  return FATAL_REPLIES.test(replyOf(error)) || FATAL_MESSAGES.test(messageOf(error)) || FATAL_NAMES.has(nameOf(error));
}

/** The server was the master when it was connected to, and is a replica now. */
export function leadsToReplica(error: unknown): boolean {
  return REPLICA_REPLIES.test(replyOf(error));
}

// The first word of an error of Redis is its kind; ERR is any.
// https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
const PERMANENT_REPLIES =
  /^(WRONGPASS|NOAUTH|NOPERM|DENIED|ERR (invalid password|AUTH |Client sent AUTH|DB index|invalid DB index|SELECT is not allowed))/;
/** `UNBLOCKED` ends a blocking command when the server becomes a replica. */
const REPLICA_REPLIES = /^(READONLY|UNBLOCKED)/;
const FATAL_REPLIES = /^(READONLY|UNBLOCKED|NOAUTH)/;

// ioredis gives no codes to its own errors.
const FATAL_MESSAGES = /^(Connection is closed\.|Stream isn't writeable)/;
const FATAL_NAMES: ReadonlySet<string> = new Set(['MaxRetriesPerRequestError', 'AbortError', 'ParserError']);

function replyOf(error: unknown): string {
  return nameOf(error) === 'ReplyError' ? messageOf(error) : '';
}

const nameOf = (error: unknown) => textOf(error, 'name');
const messageOf = (error: unknown) => textOf(error, 'message');
const codeOf = (error: unknown) => textOf(error, 'code');

function textOf(error: unknown, field: 'code' | 'name' | 'message'): string {
  const text: unknown = Object(error)[field];
  return typeof text === 'string' ? text : '';
}
