import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import {
  type Capture,
  type Hardening,
  harden,
  inspect,
  openCapture,
  probe,
  type SocketReport,
  silentFor,
  type TcpOptions,
  type Verdict,
  verdict,
} from '@lifeguard/tcp';
import { label } from '@lifeguard/tcp/labels';
import { type EvictReason, socketFailure } from './classify.js';
import type { Failure } from './connection.js';

/** What a connection's sockets, or the driver, say of it. */
export interface Alarm extends Failure {
  /** A failing socket ends the connection whatever its borrower does; of a driver's error, the driver must be asked. */
  readonly of: 'socket' | 'driver';
}

/**
 * The TCP sockets under one connection: captured while it is opened, hardened as soon as they are connected, and
 * watched from then on.
 *
 * The listeners stand on the socket before the driver's do, so that a connection has left the pool before its driver
 * hears of the failure.
 */
export class Watch {
  readonly #tcp: TcpOptions;
  readonly #pool: string | undefined;
  readonly #capture: Capture;
  readonly #sockets = new Set<Socket>();
  /** Of all sockets that are open now, those that say nothing of the connection included. */
  readonly #hardenings = new Map<Socket, Hardening>();
  /** Those that are listened to; the same socket may be opened again. */
  readonly #followed = new WeakSet<Socket>();
  #alarm: ((alarm: Alarm) => void) | undefined;
  #opened = false;
  #answered = false;

  /**
   * @param atOnce whether what is opened later than at once is none of it
   * @param pool whose connection it is, for those who look at the process from outside
   */
  constructor(tcp: TcpOptions, atOnce = false, pool?: string) {
    this.#tcp = tcp;
    this.#pool = pool;
    this.#capture = openCapture((socket) => this.#add(socket), { atOnce });
  }

  /** Runs the factory's `create`, and takes on every TCP socket that it opens. */
  open<R>(create: () => R): R {
    return this.#capture.run(create);
  }

  /** The sockets that are open now. */
  get sockets(): ReadonlySet<Socket> {
    return this.#sockets;
  }

  get hardenings(): readonly Hardening[] {
    return [...this.#hardenings.values()];
  }

  /** How far the connect has come, as its sockets tell. */
  get progress(): 'no-socket' | 'unanswered' | 'answered' {
    if (this.#answered) return 'answered';
    return this.#opened ? 'unanswered' : 'no-socket';
  }

  /** What the kernel thinks of the sockets: of the worst of them. One system call each. */
  verdict(): Verdict {
    let worst: Verdict = 'unknown';
    for (const socket of this.#sockets) worst = worseOf(worst, verdict(socket));
    return worst;
  }

  /**
   * Asks the kernels of all peers whether they are there: the answer of the worst. A sign from before does not count. See
   * `probe` of `@lifeguard/tcp`.
   */
  async probe(): Promise<Verdict> {
    const verdicts = await Promise.all(Array.from(this.#sockets, (socket) => probe(socket, { anew: true })));
    return verdicts.reduce(worseOf, 'unknown');
  }

  /** What the kernel knows of each socket. */
  inspect(): SocketReport[] {
    return Array.from(this.#sockets, inspect).filter((report) => report !== undefined);
  }

  /** For how long the peer has given no sign, in milliseconds; of several, the one that has been silent for longest. */
  silentFor(): number {
    const silences = Array.from(this.#sockets, silentFor);
    return silences.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...silences);
  }

  /** The connection stands: from now on what happens to its sockets, or what its driver says, is told. */
  begin(resource: unknown, alarm: (alarm: Alarm) => void): void {
    this.#alarm = alarm;
    this.#dropLosers();
    // An error that nobody listens to would end the process.
    listen(resource, 'on', 'error', (error) =>
      alarm({ of: 'driver', reason: socketFailure(error) ?? 'fatal-error', error }),
    );
    listen(resource, 'once', 'end', () => alarm({ of: 'socket', reason: 'peer-closed' }));
    listen(resource, 'once', 'close', () => alarm({ of: 'socket', reason: 'socket-closed' }));
  }

  /** The connection has been in use for the first time. */
  used(): void {
    this.#capture.used();
  }

  /** Takes on no more sockets. */
  end(): void {
    this.#alarm = undefined;
    this.#capture.close();
  }

  /** Closes the sockets under the driver, which hears of it by their `'close'`. */
  closeSockets(): void {
    this.end();
    for (const socket of this.#sockets) socket.destroy();
  }

  #add(socket: Socket): void {
    this.#opened = true;
    this.#hardenings.set(socket, harden(socket, this.#tcp));
    socket.once('close', () => this.#hardenings.delete(socket));
    if (this.#pool !== undefined) label(socket, this.#pool);
    // A driver that opens a second socket beside a living one has a use of its own for it; its end says nothing.
    if (this.#alarm && this.#sockets.size > 0) return;
    this.#sockets.add(socket);
    if (this.#followed.has(socket)) return;
    this.#followed.add(socket);
    this.#follow(socket);
  }

  #follow(socket: Socket): void {
    socket.on('connect', () => {
      this.#answered = true;
    });
    socket.on('error', (error) => this.#tell(socket, socketFailure(error) ?? 'socket-closed', error));
    socket.on('end', () => this.#tell(socket, 'peer-closed'));
    socket.on('close', () => {
      // Of several, a driver may close one that it has no use for: the loser of a race, a control connection.
      if (this.#sockets.size === 1) this.#tell(socket, 'socket-closed');
      this.#sockets.delete(socket);
    });
  }

  #tell(socket: Socket, reason: EvictReason, error?: unknown): void {
    if (this.#sockets.has(socket)) this.#alarm?.({ of: 'socket', reason, error });
  }

  /** Those that are still connecting when the connection stands, or closed, have lost a race: their end says nothing. */
  #dropLosers(): void {
    const losers = [...this.#sockets].filter(({ connecting, destroyed }) => connecting || destroyed);
    if (losers.length < this.#sockets.size) for (const each of losers) this.#sockets.delete(each);
  }
}

/** Some connections only pass on to the emitter inside; and some have an `on` that is another thing, or takes no such event. */
function listen(resource: unknown, how: 'on' | 'once', event: string, listener: (error?: unknown) => void): void {
  try {
    const { on, once } = Object(resource) as Partial<EventEmitter>;
    if (typeof on === 'function' && typeof once === 'function') (resource as EventEmitter)[how](event, listener);
  } catch {}
}

const FROM_GOOD_TO_BAD: readonly Verdict[] = ['unknown', 'alive', 'suspect', 'dead'];

function worseOf(one: Verdict, other: Verdict): Verdict {
  return FROM_GOOD_TO_BAD.indexOf(one) > FROM_GOOD_TO_BAD.indexOf(other) ? one : other;
}
