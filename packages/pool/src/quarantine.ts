import type { Verdict } from '@lifeguard/tcp';
import type { Connection } from './connection.js';

/** Probes of 1.5 s each: where 5 % of all packets are lost in each direction, two miss one healthy peer in a million. */
const ROUNDS = 2;

export interface QuarantineOptions<T> {
  /** Told when the peer's kernel has not answered in the first round. */
  readonly silent: (connection: Connection<T>) => void;
  /** It leaves the quarantine: `suspect` if it has not answered in any round. */
  readonly settled: (connection: Connection<T>, verdict: Verdict) => void;
}

/**
 * Connections that are set aside: not lent, and not destroyed as long as their peer may answer. Each is probed, which
 * takes a round trip if the peer's kernel is there, and 3 s if it isn't.
 */
export class Quarantine<T> {
  readonly #held = new Set<Connection<T>>();
  readonly #options: QuarantineOptions<T>;

  constructor(options: QuarantineOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#held.size;
  }

  hold(connection: Connection<T>): void {
    this.#held.add(connection);
    void this.#examine(connection);
  }

  /** It has left for another reason; its probes may go on, and nobody hears of them. */
  remove(connection: Connection<T>): void {
    this.#held.delete(connection);
  }

  async #examine(connection: Connection<T>): Promise<void> {
    let verdict = await connection.watch.probe();
    for (let round = 1; round < ROUNDS && verdict === 'suspect' && this.#held.has(connection); round += 1) {
      this.#options.silent(connection);
      verdict = await connection.watch.probe();
    }
    // The socket's own event tells better why it has ended, and may be a turn of the event loop behind.
    if (verdict === 'dead') await new Promise(setImmediate);
    if (this.#held.delete(connection)) this.#options.settled(connection, verdict);
  }
}
