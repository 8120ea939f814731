import { isEnabled } from '@lifeguard/tcp';
import mariadb, { type Pool, type PoolConnection, type QueryOptions, type SqlImportOptions } from 'mariadb';
import { BasePool } from './base-pool.js';
import { Escaper } from './escaper.js';
import { Lender } from './lender.js';
import { inDriversWords, type PoolConfig, readConfig, toPoolOptions } from './options.js';
import { type PromiseConnection, promiseDriver } from './promise-driver.js';

/**
 * `createPool` of mariadb, with the same options, methods and events, on connections that are hardened, and that leave the
 * pool as soon as the kernel gives up on them. What differs is in the README.
 *
 * @param config a URL, or the options of mariadb and of Lifeguard
 * @throws {ConfigError} that names every option and every environment variable that can't be used
 */
export function createPool(config: string | PoolConfig): Pool {
  const options = readConfig(config);
  if (!isEnabled()) return mariadb.createPool(typeof config === 'string' ? config : toPoolOptions(options));
  return new PromisePool(options) as unknown as Pool;
}

/** What fails in them tells that a transaction may be open. */
const STATEMENTS = ['query', 'execute', 'batch', 'importFile'] as const;

class PromisePool extends BasePool<PromiseConnection> {
  readonly #escaper: Escaper;

  constructor(options: PoolConfig) {
    super(inDriversWords(() => new Lender(promiseDriver, options, (connection) => this.#adopt(connection))));
    this.#escaper = new Escaper(options);
  }

  getConnection(): Promise<PoolConnection> {
    return this.lender.checkOut() as Promise<PoolConnection>;
  }

  query(sql: string | QueryOptions, values?: unknown): Promise<unknown> {
    return this.#use((connection) => connection.query(sql, values));
  }

  execute(sql: string | QueryOptions, values?: unknown): Promise<unknown> {
    return this.#use((connection) => connection.execute(sql, values));
  }

  batch(sql: string | QueryOptions, values?: unknown): Promise<unknown> {
    return this.#use((connection) => connection.batch(sql, values));
  }

  importFile(options: SqlImportOptions): Promise<void> {
    return this.#use((connection) => connection.importFile(options));
  }

  end(): Promise<void> {
    return this.lender.shutDown();
  }

  escape(value: unknown): string {
    return this.#escaper.escape(value);
  }

  escapeId(identifier: string): string {
    return this.#escaper.escapeId(identifier);
  }

  override toString(): string {
    return `poolPromise(${super.toString()})`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  async #use<R>(work: (connection: PromiseConnection) => Promise<R>): Promise<R> {
    const connection = await this.lender.checkOut();
    try {
      return await work(connection);
    } finally {
      void this.lender.takeBack(connection, true);
    }
  }

  /** Gives a connection the methods that it has in a pool. */
  #adopt(connection: PromiseConnection): void {
    const { lender } = this;
    const release = () => lender.takeBack(connection);
    Object.assign(connection, {
      release,
      end: release,
      close: release,
      destroy: () => lender.destroy(connection),
      changeUser: (...args: Parameters<PromiseConnection['changeUser']>) => {
        lender.noteUser(connection);
        return Object.getPrototypeOf(connection).changeUser.apply(connection, args);
      },
      [Symbol.asyncDispose]: release,
    });
    for (const name of STATEMENTS) this.#watch(connection, name);
  }

  #watch(connection: PromiseConnection, name: (typeof STATEMENTS)[number]): void {
    const statement: (...args: unknown[]) => Promise<unknown> = Object.getPrototypeOf(connection)[name];
    const watched = (...args: unknown[]) => {
      const answer = statement.apply(connection, args);
      answer.catch((error: unknown) => this.lender.noteFailure(connection, error));
      return answer;
    };
    Object.assign(connection, { [name]: watched });
  }
}
