import type { Connection } from './connection.js';

/**
 * Which connections are trusted, by peer: what one connection learns of its peer, its siblings hear.
 *
 * All connections to a peer lose trust together, and each regains it for itself, by a sign of the peer. So a thousand
 * deaths in a row cost no more than one.
 */
export class Peers<T> {
  /** A connection is in its peer's set exactly while it is in the pool and not `doubted`. */
  readonly #trusted = new Map<string, Set<Connection<T>>>();

  /** A new connection, or one whose peer has just given a sign. */
  trust(connection: Connection<T>): void {
    connection.doubted = false;
    const { peer } = connection;
    if (peer === undefined) return;
    const trusted = this.#trusted.get(peer);
    if (trusted) trusted.add(connection);
    else this.#trusted.set(peer, new Set([connection]));
  }

  /** It has left the pool. */
  forget(connection: Connection<T>): void {
    const { peer = '' } = connection;
    const trusted = this.#trusted.get(peer);
    if (trusted?.delete(connection) && trusted.size === 0) this.#trusted.delete(peer);
  }

  /** Withdraws the trust from all connections to a peer. @returns those who had it until now */
  doubt(peer: string | undefined): ReadonlySet<Connection<T>> {
    const trusted = this.#trusted.get(peer ?? '') ?? new Set();
    this.#trusted.delete(peer ?? '');
    const now = performance.now();
    for (const connection of trusted) {
      connection.doubted = true;
      connection.doubtedAt = now;
    }
    return trusted;
  }
}
