import genericPool from 'generic-pool';
import type { Connection } from './connection.js';

/** What a place in the inventory holds when no connection was wanted any more. */
class Vacancy {}

export interface InventoryOptions<T> {
  readonly max: number;
  /** Opens a connection; `undefined` if none is wanted any more. Never rejects. */
  readonly open: () => Promise<Connection<T> | undefined>;
  /** Closes what left the inventory. Never rejects. */
  readonly close: (connection: Connection<T>) => Promise<void>;
}

/**
 * Creates, counts and destroys: generic-pool, with its waiting, testing and timing left unused. What has been ordered
 * is out of the inventory, for generic-pool borrowed, until it is discarded: the desk keeps it meanwhile.
 */
export class Inventory<T> {
  readonly #pool: genericPool.Pool<Connection<T> | Vacancy>;

  constructor({ max, open, close }: InventoryOptions<T>) {
    this.#pool = genericPool.createPool(
      {
        create: async () => (await open()) ?? new Vacancy(),
        destroy: async (item) => (item instanceof Vacancy ? undefined : close(item)),
      },
      { max },
    );
  }

  /** Whether there is room for one more. */
  get canTakeOrder(): boolean {
    return this.#pool.borrowed + this.#pool.pending < this.#pool.max;
  }

  /** Has a connection opened; `undefined` if none was wanted any more. */
  async order(): Promise<Connection<T> | undefined> {
    const item = await this.#pool.acquire();
    if (!(item instanceof Vacancy)) return item;
    await this.#pool.destroy(item);
    return undefined;
  }

  /** Closes a connection, and makes room for another. */
  discard(connection: Connection<T>): void {
    void this.#pool.destroy(connection);
  }
}
