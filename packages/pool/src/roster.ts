import { Badge } from './badge.js';
import type { Connection } from './connection.js';

/**
 * The connections of a pool, by what the factory made.
 *
 * A Map would do. But with ten thousand of them each look into it waits for slow memory four times, one after another, and that
 * is longer than all else that a loan takes. So a resource bears its connection as a badge, and the Map is for those that can't:
 * what is no object, what takes no badge, and what stands in the roster of another pool as well.
 */
export class Roster<T> implements Iterable<Connection<T>> {
  readonly #connections = new Map<T, Connection<T>>();

  get size(): number {
    return this.#connections.size;
  }

  get(resource: T): Connection<T> | undefined {
    return this.#byBadge(resource) ?? this.#connections.get(resource);
  }

  has(resource: T): boolean {
    return this.#connections.has(resource);
  }

  add(connection: Connection<T>): void {
    const { resource } = connection;
    this.#connections.set(resource, connection);
    connection.roster = this;
    if (isObject(resource)) Badge.pin(resource, connection);
  }

  delete(connection: Connection<T>): void {
    const { resource } = connection;
    this.#connections.delete(resource);
    connection.roster = undefined;
    if (isObject(resource) && Badge.of(resource) === connection) Badge.pin(resource, undefined);
  }

  /** In the order of their coming. */
  [Symbol.iterator](): MapIterator<Connection<T>> {
    return this.#connections.values();
  }

  #byBadge(resource: T): Connection<T> | undefined {
    if (!isObject(resource)) return undefined;
    const connection = Badge.of(resource) as Connection<T> | undefined;
    return connection?.roster === this ? connection : undefined;
  }
}

function isObject(resource: unknown): resource is object {
  return typeof resource === 'object' && resource !== null;
}
