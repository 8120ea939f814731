/** The codes with which the kernel ends a connection, or a connect, whose peer it has not heard of for a while. */
const CODES: ReadonlySet<unknown> = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

/** Whether a socket's error says that nobody answers any more: others to the same peer may not have heard of it yet. */
export function isSilence(error: unknown): boolean {
  return CODES.has(Object(error).code);
}
