import type { Socket } from 'node:net';
import { isEnabled } from './enabled.js';
import { baseHandleOf, type Handle, isTcp, isUnbound, type TcpHandle } from './fd.js';
import { loadFfi, type SocketCalls } from './ffi.js';
import { setThroughNode } from './node-keepalive.js';
import { isResolved, resolveTcpOptions, type TcpOptions, tcpOptionWarnings } from './options.js';
import { findPlatform, type Platform } from './platform/index.js';
import {
  decodeValue,
  encodeOptions,
  type OptionCall,
  readOption,
  setOption,
  TCP_OPTION_NAMES,
} from './socket-options.js';

/**
 * - `pending`: not connected yet.
 * - `applied`: all five options are set and were read back as wanted.
 * - `partial`: some were refused, or they could not be read back.
 * - `unsupported`: none could be set, as on a Unix socket.
 * - `disabled`: `LIFEGUARD_ENABLED` is off, nothing was done.
 */
export type HardeningState = 'pending' | 'applied' | 'partial' | 'unsupported' | 'disabled';

/** One option that the kernel did not take as wanted. */
export interface Refusal {
  readonly option: keyof TcpOptions;
  readonly wanted: number | boolean;
  /** What is in force instead, if that is known. */
  readonly got: number | boolean | undefined;
  /** The system call's error, such as `EINVAL`; `undefined` if no call failed. */
  readonly errno: string | undefined;
  /** Why, in words. */
  readonly reason: string;
}

/** How far the hardening of one socket has come. Live: it changes when the socket connects, or connects again. */
export interface Hardening {
  readonly state: HardeningState;
  /** The options asked for last. */
  readonly wanted: Readonly<TcpOptions>;
  /** Read back from the kernel when they were set, in milliseconds. Empty until then, and without koffi. */
  readonly effective: Readonly<Partial<TcpOptions>>;
  readonly refused: readonly Refusal[];
}

/**
 * Sets keepalive and the user timeout on a socket: at once if it is connected, else on `'connect'`, before the
 * listeners that are there by then. It stays: a reconnect of the same socket is hardened again, and from then on
 * `setKeepAlive`, which Node.js and most drivers call on a socket that they open, changes nothing any more.
 *
 * With a user timeout, lost data are sent again at least once a second, where the kernel can be told so (Linux 6.15).
 *
 * Called again, it sets the new options, all five; the same `Hardening` is returned. A TLS socket and the socket below it
 * share one kernel socket: the last call counts.
 *
 * Options that are legal and yet don't do what is hoped for (see `tcpOptionWarnings`) are told once with
 * `process.emitWarning`, code `LIFEGUARD_TCP_OPTIONS`. Not so for what `resolveTcpOptions` returned: that is taken as
 * it is, and its warnings are left to whoever resolved it.
 *
 * @param options what is left out comes from the environment, then from the defaults
 * @throws {ConfigError} before the socket is touched, if a value is outside the kernel's range
 */
export function harden(socket: Socket, options?: Partial<TcpOptions>): Hardening {
  const wanted = resolveTcpOptions(options);
  if (!isEnabled()) return { state: 'disabled', wanted, effective: {}, refused: [] };
  if (!isResolved(options)) warnOnce(tcpOptionWarnings(wanted));
  const hardening = hardenings.get(socket) ?? follow(socket, wanted);
  hardening.want(wanted);
  if (isConnected(socket)) hardening.apply();
  return hardening;
}

const hardenings = new WeakMap<Socket, SocketHardening>();

function follow(socket: Socket, wanted: Readonly<TcpOptions>): SocketHardening {
  const hardening = new SocketHardening(socket, wanted);
  hardenings.set(socket, hardening);
  // Not before 'connect': with several addresses Node.js makes a new handle for each attempt.
  try {
    socket.prependListener('connect', () => hardening.apply());
  } catch (error) {
    // It is closed, and won't connect again.
    if (!isUnbound(error)) throw error;
  }
  return hardening;
}

function isConnected(socket: Socket): boolean {
  return baseHandleOf(socket) !== undefined && !socket.connecting;
}

class SocketHardening implements Hardening {
  readonly #socket: Socket;
  #wanted: Readonly<TcpOptions>;
  #state: HardeningState = 'pending';
  #effective: Readonly<Partial<TcpOptions>> = {};
  #refused: readonly Refusal[] = [];

  constructor(socket: Socket, wanted: Readonly<TcpOptions>) {
    this.#socket = socket;
    this.#wanted = wanted;
  }

  get state(): HardeningState {
    return this.#state;
  }

  get wanted(): Readonly<TcpOptions> {
    return this.#wanted;
  }

  get effective(): Readonly<Partial<TcpOptions>> {
    return this.#effective;
  }

  get refused(): readonly Refusal[] {
    return this.#refused;
  }

  want(options: Readonly<TcpOptions>): void {
    this.#wanted = options;
  }

  apply(): void {
    const outcome = apply(this.#socket, this.#wanted);
    this.#state = outcome.state;
    this.#effective = outcome.effective;
    this.#refused = outcome.refused;
  }
}

/** What came of setting the options once. @internal */
export type Outcome = Pick<Hardening, 'state' | 'effective' | 'refused'>;

/** Of a socket that `harden` was called with. @internal */
export function hardeningOf(socket: Socket): Hardening | undefined {
  return hardenings.get(socket);
}

/** By the handle: a TLS socket and the socket below it are one connection, and the last call counts. */
const wantedOptions = new WeakMap<TcpHandle, Readonly<TcpOptions>>();

/** The options with which a connection was hardened last; `undefined` if it was not. */
export function wantedOf(handle: Handle): Readonly<TcpOptions> | undefined {
  return isTcp(handle) ? wantedOptions.get(handle) : undefined;
}

/**
 * Sets the options of a connected socket, and keeps keepalive as it is then.
 *
 * @param readsBack whether they are read back: without that, what is not refused counts as effective
 * @internal
 */
export function apply(socket: Socket, wanted: Readonly<TcpOptions>, readsBack = true): Outcome {
  const handle = baseHandleOf(socket);
  if (handle === undefined || !isTcp(handle)) return unsupported(wanted, 'not a TCP socket');
  wantedOptions.set(handle, wanted);
  const outcome = applyToTcp(handle, wanted, readsBack);
  keepKeepAlive(handle);
  return outcome;
}

function applyToTcp(handle: TcpHandle, wanted: Readonly<TcpOptions>, readsBack: boolean): Outcome {
  const platform = findPlatform();
  const fd = handle.fd ?? -1;
  if (platform === undefined) return applyThroughNode(handle, wanted, `nothing is known of ${process.platform}`);
  if (fd < 0) return applyThroughNode(handle, wanted, 'Node.js gives no file descriptor of this socket');
  const { calls, problem } = loadFfi();
  if (calls === undefined) return applyThroughNode(handle, wanted, problem);
  return applyThroughKernel(calls, fd, platform, wanted, readsBack);
}

/**
 * Net.Socket's `setKeepAlive` ends here, and so does TLSSocket's: a TLSWrap hands it to the handle below. Whoever calls
 * it, with whatever arguments, the kernel keeps what it was told.
 */
function keepKeepAlive(handle: TcpHandle): void {
  handle.setKeepAlive = () => 0;
}

function applyThroughNode(handle: TcpHandle, wanted: Readonly<TcpOptions>, reason: string): Outcome {
  return { state: 'partial', effective: {}, refused: setThroughNode(handle, wanted, reason) };
}

function applyThroughKernel(
  calls: SocketCalls,
  fd: number,
  platform: Platform,
  wanted: Readonly<TcpOptions>,
  readsBack: boolean,
): Outcome {
  const effective: Partial<Record<keyof TcpOptions, number | boolean>> = {};
  const refused: Refusal[] = [];
  for (const call of encodeOptions(platform, wanted)) {
    const set = readsBack ? setAndReadBack : justSet;
    const { got, refusal } = set(calls, fd, platform, call, wanted[call.option]);
    if (got !== undefined) effective[call.option] = got;
    if (refusal !== undefined) refused.push(refusal);
  }
  if (wanted.userTimeoutMillis > 0) repeatOften(calls, fd, platform);
  const state = refused.length === 0 ? 'applied' : Object.keys(effective).length === 0 ? 'unsupported' : 'partial';
  return { state, effective: effective as Partial<TcpOptions>, refused };
}

/**
 * Has lost data sent again at least once a second, where the kernel can be told (Linux 6.15, TCP_RTO_MAX_MS): else the pauses
 * double, and after an outage of a few seconds it takes as long again until the network's return is noticed. Who gives a peer up
 * after some seconds wants to know in these whether it is back.
 */
function repeatOften(calls: SocketCalls, fd: number, { longestRto }: Platform): void {
  if (!longestRto) return;
  const { option, leastMillis } = longestRto;
  longestPause[0] = leastMillis;
  // An older kernel refuses, and does as ever: nothing that was asked for is missing then.
  calls.setsockopt(fd, option.level, option.name, longestPause, longestPause.byteLength);
}

const longestPause = new Int32Array(1);

interface SetOutcome {
  readonly got: number | boolean | undefined;
  readonly refusal: Refusal | undefined;
}

function setAndReadBack(
  calls: SocketCalls,
  fd: number,
  platform: Platform,
  call: OptionCall,
  wanted: number | boolean,
): SetOutcome {
  const { option } = call;
  const target = platform.options[option];
  const setErrno = setOption(calls, fd, call);
  const reading = readOption(calls, fd, target);
  const got = 'value' in reading ? reading.value : undefined;
  const refuse = (reason: string, errno: string | undefined): SetOutcome => ({
    got,
    refusal: { option, wanted, got, errno, reason },
  });
  if (setErrno !== undefined) return refuse(`the kernel refused ${target.symbol}`, setErrno);
  if ('errno' in reading) return refuse(`${target.symbol} can't be read back`, reading.errno);
  if (got !== decodeValue(target, call.value[0] ?? 0))
    return refuse(`the kernel kept another ${target.symbol}`, undefined);
  return { got, refusal: undefined };
}

function justSet(
  calls: SocketCalls,
  fd: number,
  platform: Platform,
  call: OptionCall,
  wanted: number | boolean,
): SetOutcome {
  const errno = setOption(calls, fd, call);
  if (errno === undefined) return { got: wanted, refusal: undefined };
  const reason = `the kernel refused ${platform.options[call.option].symbol}`;
  return { got: undefined, refusal: { option: call.option, wanted, got: undefined, errno, reason } };
}

function unsupported(wanted: Readonly<TcpOptions>, reason: string): Outcome {
  const refused = TCP_OPTION_NAMES.map((option) => ({
    option,
    wanted: wanted[option],
    got: undefined,
    errno: undefined,
    reason,
  }));
  return { state: 'unsupported', effective: {}, refused };
}

const warned = new Set<string>();

function warnOnce(texts: readonly string[]): void {
  for (const text of texts) {
    if (warned.has(text)) continue;
    warned.add(text);
    process.emitWarning(text, { type: 'LifeguardWarning', code: 'LIFEGUARD_TCP_OPTIONS' });
  }
}
