import genericPool from 'generic-pool';
import type { Connection } from './connection.js';

/** What a place in the inventory holds when no connection was wanted any more. */
class Vacancy {}

type Item<T> = Connection<T> | Vacancy;

/** The part of generic-pool that its types leave out: the constructor, which takes an evictor, and the run of it. */
interface GenericPool<I extends object> {
  readonly borrowed: number;
  readonly pending: number;
  start(): void;
  acquire(): Promise<I>;
  release(item: I): Promise<void>;
  destroy(item: I): Promise<void>;
  drain(): Promise<void>;
  /** Private by its name; the only way to an idle item. It is why the version of generic-pool is pinned. */
  _evict(): void;
}

interface Library {
  readonly Pool: new <I extends object>(
    evictor: new () => { evict(config: unknown, item: { readonly obj: I }): boolean },
    deque: unknown,
    priorityQueue: unknown,
    factory: { create(): Promise<I>; destroy(item: I): Promise<void> },
    options: object,
  ) => GenericPool<I>;
  readonly Deque: unknown;
  readonly PriorityQueue: unknown;
}

const library = genericPool as unknown as Library;

/** Takes out what is leaving, and nothing else: when that is, the pool decides. */
class LeavingEvictor {
  evict(_config: unknown, { obj }: { readonly obj: object }): boolean {
    return obj instanceof Vacancy || (obj as Connection<unknown>).place === 'leaving';
  }
}

export interface InventoryOptions<T> {
  readonly min: number;
  readonly max: number;
  readonly fifo: boolean;
  /** Opens a connection; `undefined` if none is wanted any more. Never rejects. */
  readonly open: () => Promise<Connection<T> | undefined>;
  /** Closes what left the inventory. Never rejects. */
  readonly close: (connection: Connection<T>) => Promise<void>;
}

/**
 * Creates, counts, keeps and destroys: generic-pool, with all its waiting, testing and timing left unused.
 *
 * To generic-pool a connection is available while it lies here idle, and borrowed from the moment that the pool has
 * taken it out, be it lent to somebody, being checked or on its way.
 */
export class Inventory<T> {
  readonly #pool: GenericPool<Item<T>>;
  readonly #max: number;

  constructor({ min, max, fifo, open, close }: InventoryOptions<T>) {
    this.#max = max;
    this.#pool = new library.Pool<Item<T>>(
      LeavingEvictor,
      library.Deque,
      library.PriorityQueue,
      {
        create: async () => (await open()) ?? this.#vacancy(),
        destroy: async (item) => (item instanceof Vacancy ? undefined : close(item)),
      },
      { min, max, fifo, autostart: false, numTestsPerEvictionRun: Number.POSITIVE_INFINITY },
    );
  }

  /** Opens the minimum, from now on. */
  start(): void {
    this.#pool.start();
  }

  /** Whether one more order can be met without something coming back first. */
  get canTakeOrder(): boolean {
    return this.#pool.borrowed + this.#pool.pending < this.#max;
  }

  /** Takes out an idle connection, or has one opened; `undefined` if none was wanted any more. */
  async order(): Promise<Connection<T> | undefined> {
    const item = await this.#pool.acquire();
    if (!(item instanceof Vacancy)) return item;
    await this.#pool.destroy(item);
    return undefined;
  }

  /** Puts back what was taken out. */
  putBack(connection: Connection<T>): void {
    void this.#pool.release(connection);
  }

  /** Closes a connection that was taken out. */
  discard(connection: Connection<T>): void {
    void this.#pool.destroy(connection);
  }

  /** Closes the idle connections that are leaving. */
  sweep(): void {
    this.#pool._evict();
  }

  /** Does so once what is on its way to the shelf or to the desk has got there. */
  sweepLater(): void {
    setImmediate(() => this.sweep());
  }

  /** Opens no more for the minimum. */
  stop(): void {
    void this.#pool.drain();
  }

  /** A vacancy that nobody ordered lies idle once generic-pool has taken it in, and is swept out after that. */
  #vacancy(): Vacancy {
    this.sweepLater();
    return new Vacancy();
  }
}
