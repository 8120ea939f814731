import mariadb, { type Pool } from 'mariadb';
import { type PoolConfig, toConnectionOptions } from './options.js';

/** mariadb's own `escape` and `escapeId`, which it gives to pools and connections only. */
export class Escaper {
  readonly #options: PoolConfig;
  #pool: Pool | undefined;

  constructor(options: PoolConfig) {
    this.#options = options;
  }

  escape(value: unknown): string {
    return this.#driver.escape(value);
  }

  escapeId(identifier: string): string {
    return this.#driver.escapeId(identifier);
  }

  /** A pool that opens nothing, ended at once: what is left of it is these two. */
  get #driver(): Pool {
    if (this.#pool) return this.#pool;
    const pool = mariadb.createPool({ ...toConnectionOptions(this.#options), minimumIdle: 0 });
    void pool.end();
    this.#pool = pool;
    return pool;
  }
}
