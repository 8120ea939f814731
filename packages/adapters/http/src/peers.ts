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

/** The kernel tells the time of the last sign with the grain of its clock (CONFIG_HZ=100). */
const KERNEL_TICK_MILLIS = 10;

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
  readonly #peerOf = new WeakMap<Socket, string>();
  /** Since when, by `performance.now()`. */
  readonly #doubtedAt = new WeakMap<Socket, number>();
  /** When its last answer was complete, by `performance.now()`. */
  readonly #answeredAt = new WeakMap<Socket, number>();

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
    if (said === 'suspect') this.#doubt(this.#peerOf.get(socket));
    if (said === 'suspect' || said === 'dead') return false;
    const doubtedAt = this.#doubtedAt.get(socket);
    if (doubtedAt === undefined) return true;
    if (performance.now() - silentFor(socket) <= doubtedAt + KERNEL_TICK_MILLIS) return false;
    this.#trust(socket);
    return true;
  }

  /** The same of an idle socket; nobody is asked if its last answer was complete just now. */
  isReusable(socket: Socket): boolean {
    return this.#isFresh(socket) || this.isTrusted(socket);
  }

  /** An answer is complete. */
  noteAnswer(socket: Socket): void {
    this.#answeredAt.set(socket, performance.now());
  }

  #isFresh(socket: Socket): boolean {
    const answeredAt = this.#answeredAt.get(socket);
    if (answeredAt === undefined || performance.now() - answeredAt > FRESH_MILLIS) return false;
    return (this.#doubtedAt.get(socket) ?? 0) < answeredAt;
  }

  #follow(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // A Unix socket has no peer that others could hear of.
    if (remoteAddress === undefined) return;
    this.#peerOf.set(socket, `${remoteAddress} ${remotePort}`);
    this.#trust(socket);
    // The monitor hears of it before a caller who tries again at once; and it is nobody's error handler.
    const events: EventEmitter = socket;
    events.once(errorMonitor, ({ code }: NodeJS.ErrnoException) => {
      if (SILENCE.has(code)) this.#doubt(this.#peerOf.get(socket));
    });
    socket.once('close', () => this.#forget(socket));
  }

  #trust(socket: Socket): void {
    this.#doubtedAt.delete(socket);
    const peer = this.#peerOf.get(socket) ?? '';
    const trusted = this.#trusted.get(peer);
    if (trusted) trusted.add(socket);
    else this.#trusted.set(peer, new Set([socket]));
  }

  #forget(socket: Socket): void {
    const peer = this.#peerOf.get(socket) ?? '';
    const trusted = this.#trusted.get(peer);
    if (trusted?.delete(socket) && trusted.size === 0) this.#trusted.delete(peer);
  }

  #doubt(peer = ''): void {
    const trusted = this.#trusted.get(peer) ?? [];
    this.#trusted.delete(peer);
    const now = performance.now();
    for (const socket of trusted) {
      this.#doubtedAt.set(socket, now);
      void probe(socket, { anew: true }).then(() => this.isTrusted(socket));
    }
  }
}
