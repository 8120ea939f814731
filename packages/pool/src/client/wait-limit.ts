import type { TcpOptions } from '@lifeguard/tcp';
import { silenceBefore } from '@lifeguard/tcp/client';

/** How long callers may be without a connection. */
export interface WaitLimit {
  /** From a call's being issued, or from the end of the connection that it was sent on, to its error. */
  readonly millis: number;
  /** The options of the sockets: the kernel's timers. */
  readonly tcp: Readonly<TcpOptions>;
}

/** What was under way when its connection ended is given time for one reconnect at least. */
const RECONNECT_MILLIS = 500;

/**
 * For how long what was under way when its connection ended may wait for the next, in milliseconds: the limit, less the time for
 * which the peer may have been silent before; but half a second for a reconnect, unless the limit is shorter.
 *
 * @param error the one by which the connection ended, if there was one
 */
export function millisLeft(error: unknown, limit: WaitLimit): number {
  const { millis, tcp } = limit;
  return Math.max(millis - silenceBefore(error, tcp), Math.min(RECONNECT_MILLIS, millis));
}
