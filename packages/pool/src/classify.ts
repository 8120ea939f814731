/**
 * Why a connection left the pool.
 *
 * - `timed-out`: the kernel gave up on the peer (ETIMEDOUT)
 * - `unreachable`: the network said that there is no way to the peer
 * - `reset`: the peer or something between refused the connection to go on
 * - `unanswered`: it or another connection to its peer had come under suspicion, and the peer's kernel answered no probe
 * - `peer-closed`: the peer ended the connection
 * - `socket-closed`: the socket closed, and nothing says why
 * - `fatal-error`: an error after which the driver can't use the connection
 * - `released-with-error`: its borrower returned it with an error
 * - `destroyed`: its borrower destroyed it
 * - `invalid`: `validate` said no, failed or did not answer in time
 * - `reset-failed`: `reset` failed or did not answer in time
 * - `idle`, `max-lifetime`, `max-uses`: its time had come
 * - `cleared`, `closed`: the pool was cleared or closed
 * - `surplus`: another connect had been quicker
 */
export type EvictReason =
  | 'timed-out'
  | 'unreachable'
  | 'reset'
  | 'unanswered'
  | 'peer-closed'
  | 'socket-closed'
  | 'fatal-error'
  | 'released-with-error'
  | 'destroyed'
  | 'invalid'
  | 'reset-failed'
  | 'idle'
  | 'max-lifetime'
  | 'max-uses'
  | 'cleared'
  | 'closed'
  | 'surplus';

/** Reasons that are part of an ordinary day; every other is worth a warning. */
const ROUTINE: ReadonlySet<EvictReason> = new Set([
  'idle',
  'max-lifetime',
  'max-uses',
  'destroyed',
  'cleared',
  'closed',
  'surplus',
]);

const SOCKET_FAILURES: ReadonlyMap<string, EvictReason> = new Map([
  ['ETIMEDOUT', 'timed-out'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['EHOSTDOWN', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['ECONNRESET', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['ENETRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ECONNREFUSED', 'reset'],
  ['ENOTCONN', 'reset'],
]);

/** Errors of the way to a server, in a connect: nobody answered, or nobody listens. */
const NO_SERVER: ReadonlySet<string> = new Set([
  ...SOCKET_FAILURES.keys(),
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'ERR_POOL_CONNECT',
]);

/** The reason by which a socket's error ends a connection; `undefined` if the error is not a failing socket's. */
export function socketFailure(error: unknown): EvictReason | undefined {
  const code = codeOf(error);
  return code === undefined ? undefined : SOCKET_FAILURES.get(code);
}

/** Whether what ended one connection may have ended the others to its peer, and they don't know it yet. */
export function castsDoubt(reason: EvictReason): boolean {
  return reason === 'timed-out' || reason === 'unreachable' || reason === 'reset';
}

export function isRoutine(reason: EvictReason): boolean {
  return ROUTINE.has(reason);
}

/**
 * Why a connect failed, as far as trying again goes: `no-server`, silent or refusing, costs next to nothing to try;
 * a server that `declined` has to be spared.
 */
export function connectFailure(error: unknown): 'no-server' | 'declined' {
  const errors = error instanceof AggregateError ? error.errors : [error];
  return errors.some((each) => NO_SERVER.has(codeOf(each) ?? '')) ? 'no-server' : 'declined';
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
