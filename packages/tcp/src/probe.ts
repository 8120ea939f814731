import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isEnabled } from './enabled.js';
import { ConfigError } from './errors.js';
import { baseHandleOf, fdOf, type Handle, isUnbound } from './fd.js';
import { loadFfi, type SocketCalls } from './ffi.js';
import { type InfoReading, readInfo } from './inspect.js';
import { KeepAliveTrigger, SHORTEST_IDLE_MILLIS } from './keepalive-trigger.js';
import type { TcpOptions } from './options.js';
import { canProbe, findPlatform, type InfoLayout, type Platform } from './platform/index.js';
import { MAX_DELAY_MILLIS } from './settings.js';
import { silenceOf } from './silent-for.js';
import { readOptions } from './socket-options.js';
import type { TcpInfo } from './tcp-info.js';
import { type Verdict, verdict } from './verdict.js';

/** How long a probe waits, and for what. */
export interface ProbeOptions {
  /**
   * How long the peer's kernel has to answer: 1 ms to 2^31 − 1 ms. Default: 1500. That is time for three probes, each
   * with more than a round trip round the earth to be answered in: where 5 % of all packets are lost in each direction,
   * one probe alone misses one healthy peer in ten, three miss one in a thousand.
   */
  readonly timeoutMillis?: number;
  /**
   * Whether only a sign from now on is an answer, and none of the last second. The kernel can't ask before the peer has
   * been silent for a second, so this may take up to a second more. Default: false.
   */
  readonly anew?: boolean;
}

const DEFAULT_TIMEOUT_MILLIS = 1500;

/** Spread over the time, so that a packet lost by chance is not taken for a peer that is lost. */
const MAX_PROBES = 4;

/**
 * Linux answers keepalive probes on one connection once in 500 ms at most (net.ipv4.tcp_invalid_ratelimit, which
 * net/ipv4/tcp_input.c, tcp_oow_rate_limited holds it to): if an answer was lost, a probe sent sooner has none.
 */
const SHORTEST_SPACING_MILLIS = 520;

const FIRST_PAUSE_MILLIS = 1;
const LONGEST_PAUSE_MILLIS = 50;

/**
 * Asks the peer's kernel whether it is there: one round trip, no bytes of the protocol, whatever its process does.
 *
 * - `alive`: it has answered; or, unless asked `anew`, there was a sign of it within the last second, and nothing speaks
 *   against it.
 * - `suspect`: no answer within the time, to up to four keepalive probes, 520 ms or more apart. While sent data are
 *   unacknowledged they are the question, and the kernel's retransmissions repeat it. A peer with a closed window is
 *   asked by the kernel alone, by its window probes: what `verdict` says of them when the time is up is the answer.
 * - `dead`: the connection has ended, or ended meanwhile; then it settles at once.
 * - `unknown`: can't be asked. Still connecting, not TCP, no way to ask this kernel (see `capabilities`), or
 *   `LIFEGUARD_ENABLED` is off.
 *
 * Linux sends a keepalive probe at once when TCP_KEEPIDLE is set to less than the socket has been silent for
 * (net/ipv4/tcp.c, tcp_sock_set_keepidle_locked); the answer sets `last_ack_recv` to zero (net/ipv4/tcp_input.c,
 * tcp_ack). TCP_KEEPIDLE, SO_KEEPALIVE and TCP_USER_TIMEOUT are borrowed for that, and put back in every case, and
 * at once when the kernel is about to give up by itself. So an end that is due comes in time; without a user timeout,
 * unanswered probes count towards it as the kernel's own do.
 *
 * One question at a time: who asks while the same connection is being asked gets the same answer, in the time of the
 * first.
 *
 * @throws {ConfigError} if `timeoutMillis` is out of range, or `LIFEGUARD_ENABLED` is neither on nor off
 */
export async function probe(
  socket: Socket,
  { timeoutMillis = DEFAULT_TIMEOUT_MILLIS, anew = false }: ProbeOptions = {},
): Promise<Verdict> {
  checkTimeout(timeoutMillis);
  if (!isEnabled()) return 'unknown';
  const handle = baseHandleOf(socket);
  if (handle === undefined || fdOf(socket) < 0) return verdict(socket);
  const line = openLine(handle);
  if (line === undefined) return 'unknown';
  const answer = underWay.get(handle) ?? ask(socket, line, timeoutMillis, anew).finally(() => underWay.delete(handle));
  underWay.set(handle, answer);
  return answer;
}

/** By the handle and not by the socket: a TLS socket and the socket below it are one connection. */
const underWay = new WeakMap<Handle, Promise<Verdict>>();

function checkTimeout(timeoutMillis: number): void {
  if (timeoutMillis >= 1 && timeoutMillis <= MAX_DELAY_MILLIS) return;
  const allowed = `1 to ${MAX_DELAY_MILLIS} milliseconds`;
  throw new ConfigError([{ name: 'timeoutMillis', value: String(timeoutMillis), allowed }]);
}

/** What it takes to ask the kernel about one connection. */
interface Line {
  readonly handle: Handle;
  readonly calls: SocketCalls;
  readonly platform: Platform;
  readonly layout: InfoLayout;
}

function openLine(handle: Handle): Line | undefined {
  const platform = findPlatform();
  const { calls } = loadFfi();
  if (calls === undefined || platform?.info === undefined || !canProbe(platform)) return undefined;
  return { handle, calls, platform, layout: platform.info };
}

async function ask(socket: Socket, line: Line, timeoutMillis: number, anew: boolean): Promise<Verdict> {
  const { verdict, info } = look(line);
  if (info === undefined || isFinal(verdict)) return verdict;
  const isFresh = verdict === 'alive' && silenceOf(info) < SHORTEST_IDLE_MILLIS;
  if (isFresh && !anew) return 'alive';
  const trigger = new KeepAliveTrigger(line.calls, line.platform, line.handle);
  const closed = new AbortController();
  const onClose = () => closed.abort();
  socket.once('close', onClose);
  try {
    if (isFresh) {
      const answer = await hearUntilAskable(line, closed.signal);
      if (answer !== undefined) return answer;
    }
    return await watch(line, trigger, look(line).info ?? info, timeoutMillis, closed.signal);
  } finally {
    trigger.putBack();
    stopListening(socket, onClose);
  }
}

/**
 * Waits until the peer has been silent long enough to be asked. A silence that has become shorter is a sign. Our clock is not
 * asked how long it should be by now: where a processor is taken from a virtual machine, the kernel's stands still for a while.
 *
 * @returns the answer, if it comes without a question
 */
async function hearUntilAskable(line: Line, closed: AbortSignal): Promise<Verdict | undefined> {
  let longest = 0;
  for (;;) {
    const { verdict, info } = look(line);
    if (info === undefined || isFinal(verdict)) return verdict;
    const silence = silenceOf(info);
    if (silence >= SHORTEST_IDLE_MILLIS || hasData(info)) return undefined;
    if (silence < longest) return 'alive';
    longest = silence;
    const pause = Math.min(LONGEST_PAUSE_MILLIS, SHORTEST_IDLE_MILLIS - silence);
    await delay(pause, undefined, { signal: closed }).catch(() => {});
  }
}

/** Looks, at first often and then less so, until there is an answer or the time is up. */
async function watch(
  line: Line,
  trigger: KeepAliveTrigger,
  atFirst: TcpInfo,
  timeoutMillis: number,
  closed: AbortSignal,
): Promise<Verdict> {
  const start = performance.now();
  const spacing = Math.max(SHORTEST_SPACING_MILLIS, timeoutMillis / MAX_PROBES);
  const options = readOptions(line.calls, line.handle.fd ?? -1, line.platform);
  const allowed = probesAllowed(options, atFirst);
  let sent = 0;
  let pause = FIRST_PAUSE_MILLIS;
  for (;;) {
    // First look, then see how late it is: a busy event loop must not make a peer suspect that has answered.
    const { verdict, info } = look(line);
    if (info === undefined || isFinal(verdict)) return verdict;
    if (silenceOf(info) < silenceOf(atFirst)) return 'alive';
    const elapsed = performance.now() - start;
    if (elapsed >= timeoutMillis) return isBlocked(info) ? verdict : 'suspect';
    if (isGivingUp(options, info)) {
      trigger.putBack();
    } else if (sent < allowed && elapsed >= sent * spacing && !hasData(info)) {
      if (!trigger.send()) return 'unknown';
      sent += 1;
    }
    // Cut short when the socket is closed: the next look says that it is dead.
    await delay(Math.min(pause, timeoutMillis - elapsed), undefined, { signal: closed }).catch(() => {});
    pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
  }
}

function look({ calls, handle, layout }: Line): InfoReading {
  return readInfo(calls, handle.fd ?? -1, layout);
}

/** Nothing that comes now could change it. */
function isFinal(verdict: Verdict): boolean {
  return verdict === 'dead' || verdict === 'unknown';
}

/** Written and not acknowledged: as long as there is, the kernel sends no keepalive probe. */
function hasData(info: TcpInfo): boolean {
  return (info.unacked ?? 0) > 0 || isBlocked(info);
}

/** Written and not sent, for the peer's window is closed. */
function isBlocked({ unacked = 0, notSentBytes = 0 }: TcpInfo): boolean {
  return unacked === 0 && notSentBytes > 0;
}

/**
 * How many probes may be sent. They count for the kernel: without a user timeout it ends a connection on which so many
 * in a row are unanswered, and so the last is left to itself (net/ipv4/tcp_timer.c, tcp_keepalive_timer).
 */
function probesAllowed(options: Partial<TcpOptions>, info: TcpInfo): number {
  const { userTimeoutMillis = 0, keepAliveCount = 1 } = options;
  if (userTimeoutMillis > 0) return MAX_PROBES;
  return Math.max(1, Math.min(MAX_PROBES, keepAliveCount - 1 - (info.probes ?? 0)));
}

/**
 * The kernel asks by itself, without an answer, and ends the connection at one of its next timers. Who asked again and
 * again could put that off for ever, so now nobody asks but the kernel.
 */
function isGivingUp(options: Partial<TcpOptions>, info: TcpInfo): boolean {
  const { keepAlive = false, keepAliveIdleMillis = 0, keepAliveCount = 0, userTimeoutMillis = 0 } = options;
  const { probes = 0 } = info;
  const silence = silenceOf(info);
  if (!keepAlive || silence < keepAliveIdleMillis || probes === 0) return false;
  return userTimeoutMillis > 0 ? silence >= userTimeoutMillis : probes >= keepAliveCount - 1;
}

function stopListening(socket: Socket, onClose: () => void): void {
  try {
    socket.off('close', onClose);
  } catch (error) {
    if (!isUnbound(error)) throw error;
  }
}
