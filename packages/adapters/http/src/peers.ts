import { type EventEmitter, errorMonitor } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { harden, probe, silentFor, type TcpOptions, verdict } from '@lifeguard/tcp';
import { isSilence } from '@lifeguard/tcp/client';

/**
 * Who was given a request so lately, and has answered it, is not asked about: the peer was there just now. Where one request
 * follows the other, asking would cost each a tenth.
 */
const FRESH_MILLIS = 5;

/** A peer that closes with its answer, and without a word of it, does so with its first ones: after these all are asked about. */
const FIRST_ANSWERS = 3;

/** The kernel tells the time of the last sign with the grain of its clock (CONFIG_HZ=100). */
const KERNEL_TICK_MILLIS = 10;

/** What is known of a connected socket. */
interface Standing {
  /** Its address and port. */
  readonly peer: string;
  /** Since when it is doubted, by `performance.now()`; `undefined` while it is trusted. */
  doubtedAt: number | undefined;
  /** How many answers were complete. */
  answers: number;
  /** When it was given its last request, by `roughMillis()`. */
  usedAt: number;
}

/** With the socket itself it is found faster than in a map: with each request twice. */
const STANDING = Symbol('lifeguard.standing');

interface Known {
  [STANDING]?: Standing;
}

/**
 * The sockets of one agent, by peer: what one learns of its peer, the others hear.
 *
 * When a peer has fallen silent for one of them, all others to it are doubted together, and each regains its trust by a sign of
 * the peer: an answer to a probe, or data.
 */
export class Peers {
  readonly #tcp: Readonly<TcpOptions>;
  /** An open socket is in its peer's set, or it is doubted. */
  readonly #trusted = new Map<string, Set<Socket>>();

  constructor(tcp: Readonly<TcpOptions>) {
    this.#tcp = tcp;
  }

  /** Hardens a socket, connected or not, and follows it to its end. */
  adopt(socket: Socket): void {
    harden(socket, this.#tcp);
    if (socket.connecting) socket.once('connect', () => this.#follow(socket));
    else this.#follow(socket);
  }

  /**
   * Whether a request may be written to a socket that was used before: the peer has neither closed it nor stopped answering,
   * and where another socket has lost the peer, there was a sign of it since. One system call as long as all is well.
   */
  isTrusted(socket: Socket): boolean {
    const said = verdict(socket);
    const standing = standingOf(socket);
    if (said === 'suspect') this.#doubt(standing?.peer);
    if (said === 'suspect' || said === 'dead') return false;
    if (standing?.doubtedAt === undefined) return true;
    if (performance.now() - silentFor(socket) <= standing.doubtedAt + KERNEL_TICK_MILLIS) return false;
    this.#trust(socket, standing);
    return true;
  }

  #follow(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // A Unix socket has no peer that others could hear of.
    if (remoteAddress === undefined) return;
    const standing: Standing = {
      peer: `${remoteAddress} ${remotePort}`,
      doubtedAt: undefined,
      answers: 0,
      usedAt: roughMillis(),
    };
    (socket as Known)[STANDING] = standing;
    this.#trust(socket, standing);
    // The monitor hears of it before a caller who tries again at once; and it is nobody's error handler.
    const events: EventEmitter = socket;
    events.once(errorMonitor, (error: unknown) => {
      if (isSilence(error)) this.#doubt(standing.peer);
    });
    socket.once('close', () => this.#forget(socket, standing));
  }

  #trust(socket: Socket, standing: Standing): void {
    standing.doubtedAt = undefined;
    const trusted = this.#trusted.get(standing.peer);
    if (trusted) trusted.add(socket);
    else this.#trusted.set(standing.peer, new Set([socket]));
  }

  #forget(socket: Socket, { peer }: Standing): void {
    const trusted = this.#trusted.get(peer);
    if (trusted?.delete(socket) && trusted.size === 0) this.#trusted.delete(peer);
  }

  #doubt(peer = ''): void {
    const trusted = this.#trusted.get(peer) ?? [];
    this.#trusted.delete(peer);
    const now = performance.now();
    for (const socket of trusted) {
      const standing = standingOf(socket);
      if (standing) standing.doubtedAt = now;
      void probe(socket, { anew: true }).then(() => this.isTrusted(socket));
    }
  }
}

/**
 * An answer on this socket is complete.
 *
 * @returns whether that says enough of the peer for now
 */
export function noteAnswer(socket: Duplex): boolean {
  const standing = standingOf(socket);
  if (standing === undefined) return false;
  standing.answers += 1;
  return isProven(standing);
}

/** Whether nobody need be asked about a socket, which is given a request now: it was given one just now, and others before. */
export function isFresh(socket: Duplex): boolean {
  const standing = standingOf(socket);
  if (standing === undefined || !isProven(standing)) return false;
  const now = roughMillis();
  const idleMillis = now - standing.usedAt;
  standing.usedAt = now;
  // Less than nothing where the machine's clock has been set.
  return idleMillis >= 0 && idleMillis <= FRESH_MILLIS;
}

const STARTED_AT = Date.now();

/**
 * By the machine's clock, which costs each request less than the monotonic one; if that is set, a socket is asked about. A small whole
 * number, for one that is large or has a fraction V8 would allocate with each request.
 */
function roughMillis(): number {
  return Date.now() - STARTED_AT;
}

/** Whether a peer can be taken at its last answer's word, while that is fresh. */
function isProven({ answers, doubtedAt }: Standing): boolean {
  return answers > FIRST_ANSWERS && doubtedAt === undefined;
}

/** `undefined` of a socket that is not connected yet, that has no peer, or that somebody else has made. */
function standingOf(socket: Duplex): Standing | undefined {
  return (socket as Known)[STANDING];
}
