import type { Socket } from 'node:net';
import { isEnabled } from './enabled.js';
import { baseHandleOf, fdOf } from './fd.js';
import { loadFfi } from './ffi.js';
import { hardeningOf, wantedOf } from './harden.js';
import { resolveTcpOptions, type TcpOptions } from './options.js';
import { findPlatform } from './platform/index.js';
import { encodeOptions, setOption } from './socket-options.js';

/**
 * Bounds the time that a socket which is connecting waits for the peer's kernel, by the user timeout: `connect` fails with ETIMEDOUT
 * then, where Linux would go on for two minutes (net/ipv4/tcp_timer.c, tcp_write_timeout: in SYN_SENT, too). Of a
 * socket that has been hardened, and where it can't be done, nothing is changed.
 *
 * @param options what is left out comes from the environment, then from the defaults
 * @throws {ConfigError} before the socket is touched, if a value is outside the kernel's range
 */
export function limitConnect(socket: Socket, options?: Partial<TcpOptions>): void {
  const wanted = resolveTcpOptions(options);
  const handle = baseHandleOf(socket);
  if (!isEnabled() || !handle || !socket.connecting || hardeningOf(socket) || wantedOf(handle)) return;
  const fd = fdOf(socket);
  const { calls } = loadFfi();
  const platform = findPlatform();
  if (fd < 0 || !calls || !platform) return;
  const call = encodeOptions(platform, wanted).find(({ option }) => option === 'userTimeoutMillis');
  if (call) setOption(calls, fd, call);
}
