import { type Pool as Clients, createPool, type EvictReason } from '@lifeguard/pool';
import pg from 'pg';
import { throwingOutside } from './answer.js';
import { isStatementError } from './classify.js';
import {
  becomesReady,
  end,
  isBusy,
  isInTransaction,
  isOutsideTransaction,
  isQueryable,
  keepProcessAlive,
} from './client.js';
import { connectionStringProblems } from './connection-string.js';
import type { ClientClass, DriverPool } from './driver-pool.js';
import { clientFactory } from './factory.js';
import { type PoolConfig, resolveConfig, toPoolOptions } from './options.js';

type Client = pg.PoolClient;

/** Who releases a client: a program, or pg-pool's `query` when its one query is done. */
export type Borrower = 'program' | 'query';

/** How long a client that was released with a query under way may take to finish it. */
const SET_ASIDE_MILLIS = 1000;

/** What pg-pool writes in its log when it removes a client. */
const LOG_LINES: Partial<Record<EvictReason, string>> = {
  idle: 'remove idle client',
  'max-lifetime': 'remove expired client',
  'max-uses': 'remove expended client',
};

/** Reasons that come without an error, and for which pg has one. */
const ENDED: ReadonlySet<EvictReason> = new Set(['peer-closed', 'socket-closed']);

/** Opens, lends and removes the clients of a pool, and tells of it by the pool's events and in its log. */
export class Lender {
  readonly #pool: DriverPool;
  readonly #clients: Clients<Client>;
  /** Clients that are checked out, and those that were released and set aside. */
  readonly #lent = new Set<Client>();
  /** What clients have failed of. */
  readonly #failures = new WeakMap<Client, unknown>();
  /** Clients that `'connect'` has told of, and `'remove'` has not. */
  readonly #announced = new WeakSet<Client>();

  /**
   * Completes the pool's options by what is in force.
   *
   * @throws {ConfigError} that names every option and variable that can't be used
   */
  constructor(pool: DriverPool, config: PoolConfig) {
    this.#pool = pool;
    const problems = isOfDriver(pool.Client) ? connectionStringProblems(config.connectionString) : [];
    Object.assign(pool.options, resolveConfig(config, problems));
    const factory = clientFactory({
      make: () => this.#makeClient(),
      opensAtOnce: (pool.Client as unknown) === pg.Client && !pool.options.stream,
      prepare: (client) => this.#prepare(client),
    });
    this.#clients = createPool({ ...factory, destroy: (client) => this.#close(client) }, toPoolOptions(config));
    this.#clients.on('connect', (client) => this.#announce(client));
    this.#clients.on('evict', (client, reason, error) => this.#seeOff(client, reason, error));
  }

  /** Clients, those being opened included. */
  get total(): number {
    return this.#clients.size;
  }

  get idle(): number {
    return this.#clients.available;
  }

  /** Callers for whom no client is being opened. */
  get waiting(): number {
    const { size, available, borrowed, pending } = this.#clients;
    const connecting = size - available - borrowed;
    return Math.max(0, pending - connecting);
  }

  /** Clients that have outlived their time and will be closed when they are released. */
  get expired(): number {
    return this.#clients.connections().filter(({ expiresInMillis }) => expiresInMillis <= 0).length;
  }

  checkOut(): Promise<Client> {
    return this.#clients.acquire().then((client) => this.#handOver(client, 'program'));
  }

  /** Calls pg-pool's own callback as soon as there is a client: that saves each query a tick. */
  checkOutForQuery(tell: (error: unknown, client?: Client) => void): void {
    this.#clients.acquire().then(
      (client) => throwingOutside(tell, undefined, this.#handOver(client, 'query')),
      (error: unknown) => throwingOutside(tell, error),
    );
  }

  /** Serves who waits, then closes every client as soon as it is idle. Resolves once all are closed. */
  async shutDown(): Promise<void> {
    if (this.#clients.pending === 0) void this.#clients.clear();
    await this.#clients.drain({ timeoutMillis: 0 });
    await this.#clients.clear();
  }

  #makeClient(): Client {
    this.#pool.log('connecting new client');
    const options = Object.defineProperties({}, Object.getOwnPropertyDescriptors(this.#pool.options)) as PoolConfig;
    // The time limit is one caller's. The client may serve another, who has come later.
    options.connectionTimeoutMillis = 0;
    return new this.#pool.Client(options) as Client;
  }

  async #prepare(client: Client): Promise<void> {
    const { onConnect, verify } = this.#pool.options;
    await onConnect?.(client);
    if (!verify) return;
    await new Promise<void>((resolve, reject) => {
      verify(client, (error) => (error ? reject(error) : resolve()));
    });
  }

  #announce(client: Client): void {
    const pool = this.#pool;
    pool.log('new client connected');
    pool._clients = [...pool._clients, client];
    this.#announced.add(client);
    client.once('error', (error) => this.#failures.set(client, error));
    this.#keepProcessAlive(client, false);
    pool.emit('connect', client);
  }

  #handOver(client: Client, borrower: Borrower): Client {
    this.#lent.add(client);
    this.#keepProcessAlive(client, true);
    client.release = this.#releaseOnce(client, borrower);
    if (this.#pool.listenerCount('acquire') > 0) throwingOutside(() => this.#pool.emit('acquire', client));
    return client;
  }

  #releaseOnce(client: Client, borrower: Borrower): Client['release'] {
    let released = false;
    return (error) => {
      if (released) throw new Error('Release called on client which has already been released to the pool.');
      released = true;
      try {
        this.#pool.emit('release', error, client);
      } finally {
        this.#takeBack(client, borrower, error);
      }
    };
  }

  #takeBack(client: Client, borrower: Borrower, error: unknown): void {
    if (!isQueryable(client)) this.#discard(client);
    else if (error && borrower === 'query' && isStatementError(error)) this.#keepIfNeeded(client);
    else if (error) this.#discard(client);
    else if (isBusy(client)) this.#setAside(client, borrower);
    else if (isInTransaction(client) && !this.#isOneSession(borrower)) this.#rollBack(client);
    else this.#putBack(client);
  }

  /** All that `query` is asked of a pool with one client is asked of that client: it may be one transaction. */
  #isOneSession(borrower: Borrower): boolean {
    return borrower === 'query' && this.#clients.max === 1;
  }

  /** Whoever has it next has not begun this transaction. */
  async #rollBack(client: Client): Promise<void> {
    // If that fails, or a class of the user's own throws, the client is not ready, or in a transaction still.
    const rollBack = async () => client.query('ROLLBACK');
    rollBack().catch(() => {});
    const isReady = await becomesReady(client, SET_ASIDE_MILLIS);
    if (isReady && !isInTransaction(client)) this.#putBack(client);
    else this.#discard(client);
  }

  /**
   * Lends a client to nobody until the server has answered all that it was asked, for whoever had it next would wait for
   * those answers. That may be long: pg does not cancel a query that ran into `query_timeout`.
   */
  async #setAside(client: Client, borrower: Borrower): Promise<void> {
    const isReady = await becomesReady(client, SET_ASIDE_MILLIS);
    if (!isReady || !isQueryable(client)) this.#discard(client);
    else if (isInTransaction(client) && !this.#isOneSession(borrower)) this.#rollBack(client);
    else this.#putBack(client);
  }

  /**
   * pg-pool closes a client after every error of `query`, and so do we, unless somebody is in need of it. Under load that
   * would be ruin: a burst of failing statements would leave everybody waiting for connects.
   */
  async #keepIfNeeded(client: Client): Promise<void> {
    // The error comes first, then the server's word that it is ready.
    const isReady = this.waiting > 0 && (!isBusy(client) || (await becomesReady(client, SET_ASIDE_MILLIS)));
    if (isReady && this.waiting > 0 && isQueryable(client) && isOutsideTransaction(client)) this.#putBack(client);
    else this.#discard(client);
  }

  #putBack(client: Client): void {
    this.#keepProcessAlive(client, false);
    void this.#clients.release(client);
    this.#lent.delete(client);
  }

  #discard(client: Client): void {
    const failure = this.#failures.get(client);
    // With its own error, and not that of a later query, for the pool tells why.
    if (failure !== undefined && !isQueryable(client)) void this.#clients.release(client, failure);
    else void this.#clients.destroy(client);
    this.#lent.delete(client);
  }

  #keepProcessAlive(client: Client, keep: boolean): void {
    if (this.#pool.options.allowExitOnIdle) keepProcessAlive(client, keep);
  }

  #seeOff(client: Client, reason: EvictReason, error: unknown): void {
    const pool = this.#pool;
    pool.log(LOG_LINES[reason] ?? `remove client (${reason})`);
    pool._clients = pool._clients.filter((each) => each !== client);
    const failure = error ?? (ENDED.has(reason) ? new Error('Connection terminated unexpectedly') : undefined);
    // A borrower hears of it from its queries.
    if (failure !== undefined && !this.#lent.has(client)) this.#tellOfFailure(client, failure);
  }

  #tellOfFailure(client: Client, error: unknown): void {
    // As in pg-pool, but hidden from loggers, which would print the whole client.
    Reflect.defineProperty(Object(error), 'client', { value: client, configurable: true, writable: true });
    if (this.#pool.listenerCount('error') > 0) this.#pool.emit('error', error, client);
  }

  async #close(client: Client): Promise<void> {
    await end(client);
    if (this.#announced.delete(client)) this.#tellOfRemoval(client);
  }

  #tellOfRemoval(client: Client): void {
    try {
      this.#pool.emit('remove', client);
    } catch (error) {
      // What a listener throws is an uncaught exception, not a connection that could not be closed.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

/** Whether clients of this class read a connection string as pg does. */
function isOfDriver(Client: ClientClass): boolean {
  const base: unknown = pg.Client;
  return Client === base || Client.prototype instanceof pg.Client;
}
