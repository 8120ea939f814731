import { isEnabled } from '@lifeguard/tcp';
import type pg from 'pg';
import { answer } from './answer.js';
import { type ClientClass, type ConnectCallback, DriverPool } from './driver-pool.js';
import { Lender } from './lender.js';
import type { PoolConfig } from './options.js';

/** pg-pool with another heart: its options, its log and its `query`, on clients that `createPool` keeps. */
class LifeguardPool extends DriverPool {
  /** `undefined` with `LIFEGUARD_ENABLED` off: then this is a plain `pg.Pool`. */
  readonly #lender: Lender | undefined;
  /** This pool as `query` sees it. */
  readonly #asSeenByQuery: object = this;

  constructor(config?: PoolConfig | null, Client?: ClientClass) {
    super(config);
    const { options } = this;
    if (Client && !options.Client) this.Client = Client;
    if (!isEnabled()) return;
    if ('connectionString' in options) Object.defineProperty(options, 'connectionString', { enumerable: false });
    const lender = new Lender(this, { ...config });
    this.#lender = lender;
    const connect = (callback: ConnectCallback) => this.#checkOutForQuery(lender, callback);
    this.#asSeenByQuery = Object.create(this, { connect: { value: connect } });
  }

  override get totalCount(): number {
    return this.#lender?.total ?? super.totalCount;
  }

  override get idleCount(): number {
    return this.#lender?.idle ?? super.idleCount;
  }

  override get waitingCount(): number {
    return this.#lender?.waiting ?? super.waitingCount;
  }

  override get expiredCount(): number {
    return this.#lender?.expired ?? super.expiredCount;
  }

  override query(...args: unknown[]): unknown {
    // A `connect` that somebody has put in the place of ours wants to see every client.
    const isOurs = this.connect === ownConnect;
    return super.query.apply(isOurs ? this.#asSeenByQuery : this, args);
  }

  override connect(callback?: ConnectCallback): unknown {
    return this.#lender ? this.#checkOut(this.#lender, callback) : super.connect(callback);
  }

  override end(callback?: (error?: unknown) => void): unknown {
    return this.#lender ? answer(this.#end(this.#lender), callback, this.Promise) : super.end(callback);
  }

  #checkOut(lender: Lender, callback: ConnectCallback | undefined): unknown {
    const client = this.ending ? Promise.reject(afterEnd()) : lender.checkOut();
    return answer(client, callback && tellConnected(callback), this.Promise);
  }

  #checkOutForQuery(lender: Lender, callback: ConnectCallback): void {
    if (this.ending) process.nextTick(tellConnected(callback), afterEnd());
    else lender.checkOutForQuery(tellConnected(callback));
  }

  async #end(lender: Lender): Promise<void> {
    if (this.ending) throw new Error('Called end on pool more than once');
    this.log('ending');
    this.ending = true;
    await lender.shutDown();
    this.ended = true;
  }
}

const { connect: ownConnect } = LifeguardPool.prototype;

function afterEnd(): Error {
  return new Error('Cannot use a pool after calling end on the pool');
}

function tellConnected(callback: ConnectCallback): (error: unknown, client?: pg.PoolClient) => void {
  return (error, client) => callback(error, client, client?.release ?? (() => {}));
}

/** The class `Pool`: its instances are `pg.Pool`s. */
export interface PoolConstructor {
  /**
   * @param config the options of `pg.Pool` and of Lifeguard, all optional
   * @param Client makes the clients, if `config.Client` does not; default `pg.Client`
   * @throws {ConfigError} that names every option and every environment variable that can't be used
   */
  new (config?: PoolConfig, Client?: ClientClass): pg.Pool;
  readonly prototype: pg.Pool;
}

/**
 * `pg.Pool`, with the same options, methods, properties and events, on connections that are hardened, and that leave the
 * pool as soon as the kernel gives up on them. What differs is in the README.
 */
export const Pool: PoolConstructor = LifeguardPool as unknown as PoolConstructor;
export type Pool = pg.Pool;
