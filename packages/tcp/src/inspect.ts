import type { Socket } from 'node:net';
import { fdOf } from './fd.js';
import { loadFfi, type SocketCalls } from './ffi.js';
import type { TcpOptions } from './options.js';
import { findPlatform, type InfoLayout } from './platform/index.js';
import { readOptions } from './socket-options.js';
import { decodeTcpInfo, type TcpInfo } from './tcp-info.js';
import { judge, judgeErrno, type Verdict } from './verdict.js';

/** A socket as the kernel has it now. */
export interface SocketReport {
  readonly fd: number;
  /** Own address and port, as `10.0.0.1:40312` or `[::1]:40312`; `undefined` if it has none. */
  readonly local: string | undefined;
  /** The peer's address and port; `undefined` if it has none, or none any more. */
  readonly peer: string | undefined;
  /** Read back from the kernel, in milliseconds. What can't be read is left out. */
  readonly options: Readonly<Partial<TcpOptions>>;
  /** `undefined` if the kernel can't be asked, or the socket is not TCP. */
  readonly info: TcpInfo | undefined;
  /** The verdict on `info`. */
  readonly verdict: Verdict;
}

/**
 * Reads everything that can be read of a socket, with a handful of system calls and nothing on the wire. It changes
 * nothing, so it works with `LIFEGUARD_ENABLED` off too.
 *
 * @returns `undefined` if the socket has no file descriptor: not connected, closed, or on Windows
 */
export function inspect(socket: Socket): SocketReport | undefined {
  const fd = fdOf(socket);
  if (fd < 0) return undefined;
  const { calls } = loadFfi();
  const platform = findPlatform();
  return {
    fd,
    local: formatAddress(socket.localAddress, socket.localPort),
    peer: formatAddress(socket.remoteAddress, socket.remotePort),
    options: calls && platform ? readOptions(calls, fd, platform) : {},
    ...(calls && platform?.info ? readInfo(calls, fd, platform.info) : UNREADABLE),
  };
}

/** TCP_INFO and the verdict on it. */
export type InfoReading = Pick<SocketReport, 'info' | 'verdict'>;

const UNREADABLE: InfoReading = { info: undefined, verdict: 'unknown' };

/** One getsockopt. If it fails there is no `info`, and the verdict is the one on the error. */
export function readInfo(calls: SocketCalls, fd: number, layout: InfoLayout): InfoReading {
  const bytes = new Uint8Array(layout.size);
  const length = Uint32Array.of(bytes.byteLength);
  if (calls.getsockopt(fd, layout.level, layout.name, bytes, length) !== 0)
    return { info: undefined, verdict: judgeErrno(calls.errno()) };
  const filled = length[0] ?? 0;
  return { info: decodeTcpInfo(layout, bytes, filled), verdict: judge(layout, bytes, filled) };
}

function formatAddress(address: string | undefined, port: number | undefined): string | undefined {
  if (address === undefined || port === undefined) return undefined;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
