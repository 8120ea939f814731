import type { Socket } from 'node:net';
import { isEnabled } from './enabled.js';
import { baseHandleOf, fdOf, type Handle, isTcp } from './fd.js';
import { loadFfi } from './ffi.js';
import { apply, type Hardening, hardeningOf, wantedOf } from './harden.js';
import { resolveTcpOptions, type TcpOptions } from './options.js';
import { findPlatform } from './platform/index.js';
import { readOption, readOptions } from './socket-options.js';

/** How thorough `reinforce` is. */
export interface ReinforceOptions {
  /**
   * Whether each option is read back from the kernel: a third of what it costs. Without it what the kernel does not refuse counts
   * as effective. Default: true.
   */
  readonly readBack?: boolean;
}

/**
 * Hardens the connected socket of a program that knows nothing of it, so that nothing which the program has set, or sets
 * later, is weakened: of two keepalive times or counts the smaller is taken, a user timeout that is there stays, and
 * keepalive is never switched off. A socket that has been hardened already is left as it is.
 *
 * Without koffi what the program has set can't be read, and is replaced.
 *
 * @param options what is left out comes from the environment, then from the defaults
 * @returns how far it has come, which does not change any more; `undefined` if the socket has been hardened already
 * @throws {ConfigError} before the socket is touched, if a value is outside the kernel's range
 */
export function reinforce(
  socket: Socket,
  options?: Partial<TcpOptions>,
  { readBack = true }: ReinforceOptions = {},
): Hardening | undefined {
  const ours = resolveTcpOptions(options);
  if (!isEnabled()) return { state: 'disabled', wanted: ours, effective: {}, refused: [] };
  const handle = baseHandleOf(socket);
  if (hardeningOf(socket) || (handle && wantedOf(handle))) return undefined;
  return set(socket, handle, stricter(optionsOf(socket, ours), ours), readBack);
}

function set(socket: Socket, handle: Handle | undefined, wanted: Readonly<TcpOptions>, readBack: boolean): Hardening {
  const outcome = apply(socket, wanted, readBack);
  if (handle && isTcp(handle)) {
    handle.setKeepAlive = (enable, delay, interval = 0, count = 0) => {
      const asked = {
        keepAliveIdleMillis: delay * 1000,
        keepAliveIntervalMillis: interval * 1000,
        keepAliveCount: count,
      };
      if (enable) tighten(socket, handle, wanted, asked);
      return 0;
    };
  }
  return { wanted, ...outcome };
}

type KeepAliveTimes = Pick<TcpOptions, 'keepAliveIdleMillis' | 'keepAliveIntervalMillis' | 'keepAliveCount'>;

/** The program asks for keepalive; what it gives as 0 it leaves to whoever has set it before. */
function tighten(socket: Socket, handle: Handle, wanted: Readonly<TcpOptions>, asked: KeepAliveTimes): void {
  const counts = (option: keyof KeepAliveTimes) =>
    asked[option] > 0 && (!wanted.keepAlive || asked[option] < wanted[option]);
  const options = (Object.keys(asked) as (keyof KeepAliveTimes)[]).filter(counts);
  if (wanted.keepAlive && options.length === 0) return;
  const changes = Object.fromEntries(options.map((option) => [option, asked[option]]));
  set(socket, handle, { ...wanted, ...changes, keepAlive: true }, false);
}

/**
 * Keepalive as it is, and the user timeout. No more than has to be asked for: this is done for every connection, and a
 * socket remembers that it was asked for its addresses.
 */
function optionsOf(socket: Socket, ours: Readonly<TcpOptions>): Partial<TcpOptions> {
  const fd = fdOf(socket);
  const { calls } = loadFfi();
  const platform = findPlatform();
  if (fd < 0 || !calls || !platform) return {};
  const isSet = (option: 'keepAlive' | 'userTimeoutMillis') => {
    const reading = readOption(calls, fd, platform.options[option]);
    // What is ours already was set while the socket connected.
    return 'value' in reading && reading.value && (option === 'keepAlive' || reading.value !== ours[option]);
  };
  return !isSet('keepAlive') && !isSet('userTimeoutMillis') ? {} : readOptions(calls, fd, platform);
}

/** What holds for a socket that has `theirs` and shall have `ours`. */
function stricter(theirs: Partial<TcpOptions>, ours: Readonly<TcpOptions>): Readonly<TcpOptions> {
  const userTimeoutMillis = theirs.userTimeoutMillis || ours.userTimeoutMillis;
  if (!theirs.keepAlive && userTimeoutMillis === ours.userTimeoutMillis) return ours;
  if (!theirs.keepAlive) return { ...ours, userTimeoutMillis };
  if (!ours.keepAlive) return { ...ours, ...theirs, userTimeoutMillis };
  const smaller = (option: keyof KeepAliveTimes) => Math.min(theirs[option] ?? ours[option], ours[option]);
  return {
    keepAlive: true,
    keepAliveIdleMillis: smaller('keepAliveIdleMillis'),
    keepAliveIntervalMillis: smaller('keepAliveIntervalMillis'),
    keepAliveCount: smaller('keepAliveCount'),
    userTimeoutMillis,
  };
}
