import type { Pool } from '@lifeguard/pool';

/** Who is at the other end of a connection: a message of an eviction does not say, and the pool has forgotten it by then. */
export class KnownPeers {
  readonly #peers = new WeakMap<object, string>();

  /** To be called when a pool tells of a connect: the connection is the last that it has. */
  learn(pool: Pool<unknown>, connection: unknown): void {
    const peer = pool.connections().at(-1)?.peer;
    if (isObject(connection) && peer !== undefined) this.#peers.set(connection, peer);
  }

  of(connection: unknown): string | undefined {
    return isObject(connection) ? this.#peers.get(connection) : undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
