import type { Socket } from 'node:net';
import { fdOf } from './fd.js';
import { loadFfi } from './ffi.js';
import { readInfo } from './inspect.js';
import { findPlatform } from './platform/index.js';
import type { TcpInfo } from './tcp-info.js';

/**
 * For how long the peer's kernel has given no sign, in milliseconds: one system call. `Infinity` if that can't be known. The
 * kernel's clock is no finer than 10 ms (CONFIG_HZ=100).
 */
export function silentFor(socket: Socket): number {
  const fd = fdOf(socket);
  const { calls } = loadFfi();
  const layout = findPlatform()?.info;
  const info = fd >= 0 && calls && layout ? readInfo(calls, fd, layout).info : undefined;
  return info ? silenceOf(info) : Number.POSITIVE_INFINITY;
}

/**
 * The same of what was read, as the kernel's keepalive reckons it (include/net/tcp.h, keepalive_time_elapsed): data are a
 * sign as an acknowledgment is.
 */
export function silenceOf({ lastAckReceivedMillis, lastDataReceivedMillis }: TcpInfo): number {
  return Math.min(
    lastAckReceivedMillis ?? Number.POSITIVE_INFINITY,
    lastDataReceivedMillis ?? Number.POSITIVE_INFINITY,
  );
}
