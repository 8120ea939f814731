import type { Pool } from '@lifeguard/pg';

export interface Order {
  readonly id: number;
  readonly item: string;
  readonly quantity: number;
}

/** The orders in the database. */
export class Orders {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Makes the table if there is none. */
  async prepare(): Promise<void> {
    await this.#pool.query(`
      CREATE TABLE IF NOT EXISTS orders (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        item text NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0)
      )`);
  }

  async add(item: string, quantity: number): Promise<Order> {
    const { rows } = await this.#pool.query<Order>(
      'INSERT INTO orders (item, quantity) VALUES ($1, $2) RETURNING id, item, quantity',
      [item, quantity],
    );
    const [order] = rows;
    if (order === undefined) throw new Error('INSERT … RETURNING gave back no row');
    return order;
  }

  /** The newest first, a hundred at most. */
  async list(): Promise<Order[]> {
    const { rows } = await this.#pool.query<Order>('SELECT id, item, quantity FROM orders ORDER BY id DESC LIMIT 100');
    return rows;
  }

  /** @throws the driver's or the pool's error if the database can't be asked */
  async ping(): Promise<void> {
    await this.#pool.query('SELECT 1');
  }
}
