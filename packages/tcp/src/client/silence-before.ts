import type { TcpOptions } from '../options.js';
import { isSilence } from './is-silence.js';

/**
 * For how long the peer may have been silent when a connection ended, in milliseconds: at most the longer of the kernel's
 * timers, `Infinity` where one of them is off, 0 if the peer was heard of until then.
 *
 * @param error the socket's, if it had one
 */
export function silenceBefore(error: unknown, tcp: Readonly<TcpOptions>): number {
  if (!isSilence(error)) return 0;
  const { keepAlive, keepAliveIdleMillis, keepAliveIntervalMillis, keepAliveCount, userTimeoutMillis } = tcp;
  if (!keepAlive || userTimeoutMillis === 0) return Number.POSITIVE_INFINITY;
  return Math.max(keepAliveIdleMillis + keepAliveIntervalMillis * keepAliveCount, userTimeoutMillis);
}
