import net from 'node:net';
import type { TcpHandle } from './fd.js';
import { errnoName } from './ffi.js';
import type { Refusal } from './harden.js';
import type { TcpOptions } from './options.js';

const MILLIS_PER_SECOND = 1000;

/** What libuv sets along with the idle time: interval in seconds, and count. */
const LIBUV_INTERVAL = 1;
const LIBUV_COUNT = 10;

/** Node.js takes interval and count too from 24.21 and 26.4 on: `setKeepAlive(enable, delay, interval, count)`. */
export function nodeTakesInterval(): boolean {
  return net.Socket.prototype.setKeepAlive.length >= 4;
}

/**
 * Sets what Node.js can set by itself: keepalive and its idle time, newer versions interval and count. Nothing can be
 * read back this way.
 *
 * @returns what can't be set; `reason` says why there is no better way
 */
export function setThroughNode(handle: TcpHandle, wanted: Readonly<TcpOptions>, reason: string): Refusal[] {
  const status = callNative(handle, wanted);
  const { keepAlive } = wanted;
  if (status !== 0)
    return [{ option: 'keepAlive', wanted: keepAlive, got: undefined, errno: errnoName(-status), reason }];
  return [...(keepAlive ? refuseInterval(wanted) : []), ...refuseUserTimeout(wanted, reason)];
}

/** The handle's own method, which may be overridden on the object. */
function callNative(handle: TcpHandle, wanted: Readonly<TcpOptions>): number {
  const native = Object.getPrototypeOf(handle) as TcpHandle;
  const { keepAlive, keepAliveIdleMillis, keepAliveIntervalMillis, keepAliveCount } = wanted;
  const idle = toSeconds(keepAliveIdleMillis);
  return native.setKeepAlive.call(handle, keepAlive, idle, toSeconds(keepAliveIntervalMillis), keepAliveCount);
}

function refuseInterval({ keepAliveIntervalMillis, keepAliveCount }: Readonly<TcpOptions>): Refusal[] {
  if (nodeTakesInterval()) return [];
  const refusals: Refusal[] = [];
  const reason = `Node.js ${process.versions.node} sets an interval of ${LIBUV_INTERVAL} s and a count of ${LIBUV_COUNT}, always`;
  if (toSeconds(keepAliveIntervalMillis) !== LIBUV_INTERVAL) {
    const got = LIBUV_INTERVAL * MILLIS_PER_SECOND;
    refusals.push({
      option: 'keepAliveIntervalMillis',
      wanted: keepAliveIntervalMillis,
      got,
      errno: undefined,
      reason,
    });
  }
  if (keepAliveCount !== LIBUV_COUNT) {
    refusals.push({ option: 'keepAliveCount', wanted: keepAliveCount, got: LIBUV_COUNT, errno: undefined, reason });
  }
  return refusals;
}

function refuseUserTimeout({ userTimeoutMillis }: Readonly<TcpOptions>, reason: string): Refusal[] {
  if (userTimeoutMillis === 0) return [];
  return [{ option: 'userTimeoutMillis', wanted: userTimeoutMillis, got: undefined, errno: undefined, reason }];
}

function toSeconds(millis: number): number {
  return Math.ceil(millis / MILLIS_PER_SECOND);
}
