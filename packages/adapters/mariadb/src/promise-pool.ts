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
type Statement = (typeof STATEMENTS)[number];

class PromisePool extends BasePool<PromiseConnection> {
  readonly #escaper: Escaper;

  constructor(options: PoolConfig) {
    super(inDriversWords(() => new Lender(promiseDriver, options, (connection) => this.#adopt(connection))));
    this.#escaper = new Escaper(options);
  }

  getConnection(): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      this.lender.checkOut((connection) => resolve(connection as PoolConnection), reject);
    });
  }

  query(sql: string | QueryOptions, values?: unknown): Promise<unknown> {
    return this.#run('query', sql, values);
  }

  execute(sql: string | QueryOptions, values?: unknown): Promise<unknown> {
    return this.#run('execute', sql, values);
  }

  batch(sql: string | QueryOptions, values?: unknown): Promise<unknown> {
    return this.#run('batch', sql, values);
  }

  importFile(options: SqlImportOptions): Promise<void> {
    return this.#run('importFile', options);
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

  /** Makes no promise of its own where a callback will do: that is felt in a short query. */
  #run<R>(name: Statement, ...args: unknown[]): Promise<R> {
    return new Promise((resolve, reject) => {
      const { lender } = this;
      lender.checkOut((connection) => {
        statementOf<R>(connection, name, args).then(
          (result) => {
            void lender.takeBack(connection, true);
            resolve(result);
          },
          (error: unknown) => {
            lender.noteFailure(connection, error);
            void lender.takeBack(connection, true);
            reject(error);
          },
        );
      }, reject);
    });
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

  #watch(connection: PromiseConnection, name: Statement): void {
    const statement: (...args: unknown[]) => Promise<unknown> = Object.getPrototypeOf(connection)[name];
    const watched = (...args: unknown[]) => {
      const answer = statement.apply(connection, args);
      answer.catch((error: unknown) => this.lender.noteFailure(connection, error));
      return answer;
    };
    Object.assign(connection, { [name]: watched });
  }
}

/** Runs a statement as the driver does; one that it refuses to send rejects, too. */
function statementOf<R>(connection: PromiseConnection, name: Statement, args: unknown[]): Promise<R> {
  try {
    return Object.getPrototypeOf(connection)[name].apply(connection, args);
  } catch (error) {
    return Promise.reject(error);
  }
}
