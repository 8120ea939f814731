import { isEnabled } from '@lifeguard/tcp';
import mysql, { type Pool } from 'mysql2';
import { fail } from './command.js';
import {
  type ConnectionCallback,
  createQuery,
  DriverPool,
  type DriverPoolConfig,
  type QueryCommand,
} from './driver.js';
import { closedError, Lender } from './lender.js';
import { inDriversWords, type PoolConfig, readConfig, toDriverOptions } from './options.js';
import { PooledConnection } from './pooled-connection.js';

/**
 * `createPool` of mysql2, with the same options, methods and events, on connections that are hardened, and that leave the
 * pool as soon as the kernel gives up on them. What differs is in the README.
 *
 * @param config a URL, or the options of mysql2 and of Lifeguard
 * @throws {ConfigError} that names every option and every environment variable that can't be used
 */
export function createPool(config: string | PoolConfig): Pool {
  const options = readConfig(config);
  const { connectTimeout } = options;
  if (!isEnabled()) return mysql.createPool({ ...toDriverOptions(options), ...(connectTimeout && { connectTimeout }) });
  return new LifeguardPool(options) as unknown as Pool;
}

/** mysql2's pool with another heart: its `query`, `execute` and helpers, on connections that `@lifeguard/pool` keeps. */
class LifeguardPool extends DriverPool {
  readonly #lender: Lender;

  constructor(options: PoolConfig) {
    super({ config: completeConfig(options) });
    const lender = inDriversWords(() => new Lender(this, options));
    this.#lender = lender;
    const { connectionLimit = lender.max, maxIdle = connectionLimit } = options;
    Object.assign(this.config, { connectionLimit, maxIdle });
    // Private by their names, and yet programs and tools count by them.
    Object.defineProperties(this, {
      _allConnections: counter(() => lender.total),
      _freeConnections: counter(() => lender.idle),
      _connectionQueue: counter(() => lender.queued),
    });
  }

  override getConnection(callback: ConnectionCallback): void {
    const refusal = this.#admit();
    if (refusal) process.nextTick(callback, refusal);
    else this.#lender.checkOut(callback);
  }

  /** mysql2's would wait a tick for a connection that is idle, make four closures and a listener that is taken off again. */
  override query(sql: unknown, values?: unknown, callback?: unknown): QueryCommand {
    const { connectionConfig } = this.config;
    const command = createQuery(sql, values, callback, connectionConfig);
    if (command.namedPlaceholders === undefined) command.namedPlaceholders = connectionConfig.namedPlaceholders;
    const refusal = this.#admit();
    if (refusal) process.nextTick(fail, command, refusal);
    else this.#lender.perform(command);
    return command;
  }

  override releaseConnection(connection: unknown): void {
    // A connection of the promise API has the one of the callback API in it.
    const core = connection instanceof PooledConnection ? connection : Object(connection).connection;
    if (core instanceof PooledConnection) this.#lender.takeBack(core);
  }

  override end(callback?: (error?: unknown) => void): void {
    this._closed = true;
    this.#lender.shutDown().then(() => callback && process.nextTick(callback));
  }

  /** Why one more caller is refused, if he is. */
  #admit(): Error | undefined {
    const lender = this.#lender;
    if (this._closed) return closedError();
    if (!lender.isExhausted) return undefined;
    if (lender.isFull) return this.#full();
    this.emit('enqueue');
    return undefined;
  }

  #full(): Error {
    return new Error(this.config.waitForConnections ? 'Queue limit reached.' : 'No connections available.');
  }
}

/** mysql2 completes options only as it makes a pool. That opens nothing, and without `maxIdle` starts no timer. */
function completeConfig(options: PoolConfig): DriverPoolConfig {
  const { maxIdle: _, ...driverOptions } = toDriverOptions(options) as PoolConfig;
  return (mysql.createPool(driverOptions) as unknown as DriverPool).config;
}

function counter(count: () => number): PropertyDescriptor {
  return { value: Object.defineProperty({}, 'length', { get: count, enumerable: true }) };
}
