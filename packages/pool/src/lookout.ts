import type { Verdict } from '@lifeguard/tcp';
import type { Connection } from './connection.js';
import { Peers } from './peers.js';
import { Quarantine } from './quarantine.js';

/** The kernel tells the time of the last sign with the grain of its clock (CONFIG_HZ=100). */
const KERNEL_TICK_MILLIS = 10;

export interface LookoutOptions<T> {
  /** Takes an idle connection off the shelf: it is not to be lent. */
  readonly withdraw: (connection: Connection<T>) => void;
  /** Told of a connection that is quarantined from now on. */
  readonly setAside: (connection: Connection<T>) => void;
  /** A quarantined connection can be lent again, if the verdict is `alive`, or else must go; `unknown`: who knows. */
  readonly settled: (connection: Connection<T>, verdict: Verdict) => void;
  /** Told once when the peer of a connection stops answering, as far as the kernel sees. */
  readonly suspected: (connection: Connection<T>) => void;
  /** Told when the peer of a suspect connection answers again. */
  readonly recovered: (connection: Connection<T>) => void;
}

/**
 * Whom to trust. A connection that the kernel suspects, or that failed, casts doubt on all connections to its peer: the
 * idle ones are quarantined at once, the others when they come back, until they have shown a sign of the peer.
 */
export class Lookout<T> {
  readonly #options: LookoutOptions<T>;
  readonly #peers = new Peers<T>();
  readonly #quarantine: Quarantine<T>;

  constructor(options: LookoutOptions<T>) {
    this.#options = options;
    this.#quarantine = new Quarantine({
      silent: (connection) => this.#tellSuspect(connection),
      settled: options.settled,
    });
  }

  /** How many are quarantined. */
  get quarantined(): number {
    return this.#quarantine.size;
  }

  /** A connection is new, or its peer has given a sign. */
  trust(connection: Connection<T>): void {
    this.#peers.trust(connection);
    if (!connection.suspect) return;
    connection.suspect = false;
    this.#options.recovered(connection);
  }

  /** The connection has left the pool. */
  forget(connection: Connection<T>): void {
    this.#peers.forget(connection);
    this.#quarantine.remove(connection);
  }

  /** Asks the kernel about a connection that is lent; its borrower keeps it, whatever the answer. */
  watch(connection: Connection<T>): void {
    const verdict = connection.watch.verdict();
    if (verdict === 'suspect') this.suspect(connection);
    else if (verdict === 'alive' && connection.suspect) this.trust(connection);
  }

  /** The kernel has reason to think that the peer is gone. */
  suspect(connection: Connection<T>): void {
    if (connection.suspect) return;
    this.doubt(connection);
    // Without a known peer it has no siblings, and nobody has set it aside.
    if (connection.place === 'idle') this.quarantine(connection);
    this.#tellSuspect(connection);
  }

  /** The peer may be gone: until they have given a sign of it, neither this connection nor its siblings are lent. */
  doubt({ peer }: Connection<T>): void {
    const idle = [...this.#peers.doubt(peer)].filter(({ place }) => place === 'idle');
    // All of them leave the shelf before anything else happens, for what follows may take from it.
    for (const connection of idle) this.#options.withdraw(connection);
    for (const connection of idle) this.quarantine(connection);
  }

  /**
   * Whether a doubted connection has had a sign of its peer since, as one has that comes back with an answer: then it is
   * trusted again, and need not be asked.
   */
  hasHeard(connection: Connection<T>): boolean {
    const sinceDoubt = performance.now() - connection.doubtedAt;
    const hasHeard = connection.watch.silentFor() < sinceDoubt - KERNEL_TICK_MILLIS;
    if (hasHeard) this.trust(connection);
    return hasHeard;
  }

  quarantine(connection: Connection<T>): void {
    this.#options.setAside(connection);
    this.#quarantine.hold(connection);
  }

  #tellSuspect(connection: Connection<T>): void {
    if (connection.suspect) return;
    connection.suspect = true;
    this.#options.suspected(connection);
  }
}
