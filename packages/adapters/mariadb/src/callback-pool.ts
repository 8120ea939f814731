import { isEnabled } from '@lifeguard/tcp';
import mariadb, { type Pool } from 'mariadb/callback';
import { BasePool } from './base-pool.js';
import { type CallbackConnection, callbackDriver } from './callback-driver.js';
import { Escaper } from './escaper.js';
import { Lender } from './lender.js';
import { inDriversWords, type PoolConfig, readConfig, toPoolOptions } from './options.js';

type Callback = (error: unknown, ...results: unknown[]) => void;

/**
 * `createPool` of `mariadb/callback`, with the same options, methods and events, on connections that are hardened, and that
 * leave the pool as soon as the kernel gives up on them. What differs is in the README.
 *
 * @param config a URL, or the options of mariadb and of Lifeguard
 * @throws {ConfigError} that names every option and every environment variable that can't be used
 */
export function createPool(config: string | PoolConfig): Pool {
  const options = readConfig(config);
  if (!isEnabled()) return mariadb.createPool(typeof config === 'string' ? config : toPoolOptions(options));
  return new CallbackPool(options) as unknown as Pool;
}

/** What fails in them tells that a transaction may be open. */
const STATEMENTS = ['query', 'execute', 'batch', 'importFile'] as const;
type Statement = (typeof STATEMENTS)[number];

class CallbackPool extends BasePool<CallbackConnection> {
  readonly #escaper: Escaper;

  constructor(options: PoolConfig) {
    super(inDriversWords(() => new Lender(callbackDriver, options, (connection) => this.#adopt(connection))));
    this.#escaper = new Escaper(options);
  }

  getConnection(callback: Callback): void {
    this.#borrow(callback, (connection) => callback(null, connection));
  }

  query(...args: unknown[]): void {
    this.#run('query', args);
  }

  execute(...args: unknown[]): void {
    this.#run('execute', args);
  }

  batch(...args: unknown[]): void {
    this.#run('batch', args);
  }

  importFile(...args: unknown[]): void {
    this.#run('importFile', args);
  }

  end(callback?: Callback): void {
    this.lender.shutDown().then(
      () => callback && process.nextTick(callback, null),
      (error: unknown) => callback && process.nextTick(callback, error),
    );
  }

  escape(value: unknown): string {
    return this.#escaper.escape(value);
  }

  escapeId(identifier: string): string {
    return this.#escaper.escapeId(identifier);
  }

  override toString(): string {
    return `poolCallback(${super.toString()})`;
  }

  /** In a tick of its own: what a callback throws is an uncaught exception, not a rejection of ours. */
  #borrow(refused: Callback, use: (connection: CallbackConnection) => void): void {
    this.lender.checkOut(
      (connection) => process.nextTick(use, connection),
      (error) => process.nextTick(refused, error),
    );
  }

  #run(name: Statement, args: unknown[]): void {
    const last = args.at(-1);
    const callback = typeof last === 'function' ? (last as Callback) : () => {};
    const values = typeof last === 'function' ? args.slice(0, -1) : args;
    this.#borrow(callback, (connection) => {
      const done: Callback = (...results) => {
        void this.lender.takeBack(connection, true);
        callback(...results);
      };
      (connection[name] as (...all: unknown[]) => void)(...values, done);
    });
  }

  /** Gives a connection the methods that it has in a pool. */
  #adopt(connection: CallbackConnection): void {
    const { lender } = this;
    const release = (callback?: () => void) => void lender.takeBack(connection).then(() => callback?.());
    Object.assign(connection, {
      release,
      end: release,
      close: release,
      destroy: () => lender.destroy(connection),
      changeUser: (...args: unknown[]) => {
        lender.noteUser(connection);
        return Object.getPrototypeOf(connection).changeUser.apply(connection, args);
      },
    });
    for (const name of STATEMENTS) this.#watch(connection, name);
  }

  #watch(connection: CallbackConnection, name: Statement): void {
    const statement: (...args: unknown[]) => unknown = Object.getPrototypeOf(connection)[name];
    const watched = (...args: unknown[]) => {
      const last = args.at(-1);
      // Without a callback it gives an emitter.
      if (typeof last !== 'function') {
        const command = statement.apply(connection, args) as NodeJS.EventEmitter | undefined;
        command?.on?.('error', (error: unknown) => this.lender.noteFailure(connection, error));
        return command;
      }
      const noted: Callback = (error, ...results) => {
        if (error) this.lender.noteFailure(connection, error);
        last(error, ...results);
      };
      return statement.apply(connection, [...args.slice(0, -1), noted]);
    };
    Object.assign(connection, { [name]: watched });
  }
}
