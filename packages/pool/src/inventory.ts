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
  /** What has been ordered and not discarded: generic-pool's `borrowed` and `pending`, without a walk through its queues. */
  #taken = 0;
  readonly #max: number;

  constructor({ max, open, close }: InventoryOptions<T>) {
    this.#max = max;
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
    return this.#taken < this.#max;
  }

  /** Has a connection opened; `undefined` if none was wanted any more. */
  async order(): Promise<Connection<T> | undefined> {
    this.#taken += 1;
    const item = await this.#pool.acquire();
    if (!(item instanceof Vacancy)) return item;
    this.#taken -= 1;
    await this.#pool.destroy(item);
    return undefined;
  }

  /** Closes a connection, and makes room for another. */
  discard(connection: Connection<T>): void {
    this.#taken -= 1;
    void this.#pool.destroy(connection);
  }
}
