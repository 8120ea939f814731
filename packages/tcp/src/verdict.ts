import type { Socket } from 'node:net';
import { isEnabled } from './enabled.js';
import { fdOf, isDestroyed } from './fd.js';
import { errnoName, loadFfi } from './ffi.js';
import { findPlatform, type InfoLayout } from './platform/index.js';

/**
 * What the kernel knows of the peer, without asking it:
 * - `alive`: established, and nothing speaks against it. A peer that died since its last word is not known to be dead yet.
 * - `suspect`: two keepalive probes in a row, or two retransmissions of unacknowledged data, are unanswered.
 * - `dead`: the peer has closed (even if the event loop has not read that yet), the kernel has given up, or the socket
 *   was destroyed.
 * - `unknown`: can't be told. Still connecting, not TCP, no file descriptor, or no way to ask this kernel.
 */
export type Verdict = 'alive' | 'suspect' | 'dead' | 'unknown';

/** One lost packet is nothing: a probe or a retransmission is out for one round trip even when all is well. */
const UNANSWERED_IN_A_ROW = 2;

const platform = findPlatform();
const info = new Uint8Array(platform?.info?.size ?? 0);
const length = new Uint32Array(1);

/**
 * The hot path of a checked borrow: one getsockopt of about a microsecond, nothing allocated, nothing on the wire.
 *
 * `unknown` if `LIFEGUARD_ENABLED` is off.
 *
 * @throws {ConfigError} if `LIFEGUARD_ENABLED` is neither on nor off
 */
export function verdict(socket: Socket): Verdict {
  if (!isEnabled()) return 'unknown';
  const fd = fdOf(socket);
  if (fd < 0) return isDestroyed(socket) ? 'dead' : 'unknown';
  const layout = platform?.info;
  const { calls } = loadFfi();
  if (layout === undefined || calls === undefined) return 'unknown';
  length[0] = info.byteLength;
  if (calls.getsockopt(fd, layout.level, layout.name, info, length) !== 0) return judgeErrno(calls.errno());
  return judge(layout, info, length[0] ?? 0);
}

/** The verdict on the first `length` bytes of `bytes`, which the kernel filled. */
export function judge(layout: InfoLayout, bytes: Uint8Array, length: number): Verdict {
  const state = length > 0 ? layout.states[bytes[0] ?? 0] : undefined;
  if (state === undefined || state === 'SYN_SENT' || state === 'SYN_RECEIVED') return 'unknown';
  if (state !== 'ESTABLISHED') return 'dead';
  return hasUnansweredProbes(layout, bytes, length) || hasUnansweredData(layout, bytes, length) ? 'suspect' : 'alive';
}

function hasUnansweredProbes({ fields: { probes } }: InfoLayout, bytes: Uint8Array, length: number): boolean {
  return probes !== undefined && probes.offset < length && (bytes[probes.offset] ?? 0) >= UNANSWERED_IN_A_ROW;
}

function hasUnansweredData(layout: InfoLayout, bytes: Uint8Array, length: number): boolean {
  const { retransmits, unacked } = layout.fields;
  if (retransmits === undefined || unacked === undefined || unacked.offset + unacked.bytes > length) return false;
  return (bytes[retransmits.offset] ?? 0) >= UNANSWERED_IN_A_ROW && !isZero(bytes, unacked.offset);
}

/** In any byte order. */
function isZero(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset] === 0 && bytes[offset + 1] === 0 && bytes[offset + 2] === 0 && bytes[offset + 3] === 0;
}

/** The verdict on the error of a getsockopt: a closed file descriptor has no connection any more. */
export function judgeErrno(errno: number): Verdict {
  return errnoName(errno) === 'EBADF' ? 'dead' : 'unknown';
}
