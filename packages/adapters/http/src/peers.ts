import { type EventEmitter, errorMonitor } from 'node:events';
import type { Socket } from 'node:net';
import { harden, probe, silentFor, type TcpOptions, verdict } from '@lifeguard/tcp';

/** Errors that say: nobody answers there any more. The idle sockets to the same peer have not heard of it yet. */
const SILENCE: ReadonlySet<unknown> = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

/**
 * Whose answer was complete so lately is not asked about: the peer was there in this turn of the event loop. Where one request
 * follows the other, asking would cost each a tenth.
 */
const FRESH_MILLIS = 1;

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
  /** How many answers were complete, and when the last, by `performance.now()`. */
  answers: number;
  answeredAt: number;
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
  readonly #standings = new WeakMap<Socket, Standing>();

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
    const standing = this.#standings.get(socket);
    if (said === 'suspect') this.#doubt(standing?.peer);
    if (said === 'suspect' || said === 'dead') return false;
    if (standing?.doubtedAt === undefined) return true;
    if (performance.now() - silentFor(socket) <= standing.doubtedAt + KERNEL_TICK_MILLIS) return false;
    this.#trust(socket, standing);
    return true;
  }

  /** The same; nobody is asked if its last answer was complete just now, and others were before. */
  isReusable(socket: Socket): boolean {
    return this.#isFresh(socket) || this.isTrusted(socket);
  }

  /** An answer is complete. */
  noteAnswer(socket: Socket): void {
    const standing = this.#standings.get(socket);
    if (standing === undefined) return;
    standing.answers += 1;
    standing.answeredAt = performance.now();
  }

  #isFresh(socket: Socket): boolean {
    const standing = this.#standings.get(socket);
    if (standing === undefined || standing.answers <= FIRST_ANSWERS || standing.doubtedAt !== undefined) return false;
    return performance.now() - standing.answeredAt <= FRESH_MILLIS;
  }

  #follow(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // A Unix socket has no peer that others could hear of.
    if (remoteAddress === undefined) return;
    const standing: Standing = {
      peer: `${remoteAddress} ${remotePort}`,
      doubtedAt: undefined,
      answers: 0,
      answeredAt: Number.NEGATIVE_INFINITY,
    };
    this.#standings.set(socket, standing);
    this.#trust(socket, standing);
    // The monitor hears of it before a caller who tries again at once; and it is nobody's error handler.
    const events: EventEmitter = socket;
    events.once(errorMonitor, ({ code }: NodeJS.ErrnoException) => {
      if (SILENCE.has(code)) this.#doubt(standing.peer);
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
      const standing = this.#standings.get(socket);
      if (standing) standing.doubtedAt = now;
      void probe(socket, { anew: true }).then(() => this.isTrusted(socket));
    }
  }
}
