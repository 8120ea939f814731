import { type Pool as Clients, createPool, LifeguardError } from '@lifeguard/pool';
import type { PoolConnection } from 'mysql2';
import { isCallersFault, isPermanent } from './classify.js';
import { fail, run } from './command.js';
import { ask, close, isBusy, isUsable, opened, opensAtOnce } from './connection.js';
import type { ConnectionCallback, DriverPool, QueryCommand } from './driver.js';
import { type PoolConfig, toClientsOptions } from './options.js';
import { type Keeper, PooledConnection } from './pooled-connection.js';

/** How long a connection that was released with a query under way may take to finish it. */
const SET_ASIDE_MILLIS = 1000;
/** How long it may take to undo what a borrower has left behind. */
const CLEANING_MILLIS = 5000;
/** How often mysql2 looks whether more than `maxIdle` connections are idle. */
const TRIM_MILLIS = 1000;

/** Opens, lends and takes back the connections of a pool, and tells of it by the pool's events. */
export class Lender implements Keeper {
  readonly #pool: DriverPool;
  readonly #clients: Clients<PooledConnection>;
  /** All that stand, in the order in which they were opened. */
  readonly #connections = new Set<PooledConnection>();
  readonly #queueLimit: number;
  readonly #maxIdle: number;
  readonly #resetOnRelease: boolean | undefined;
  #trimTimer: NodeJS.Timeout | undefined;

  /** @throws {ConfigError} that names every option and variable that can't be used */
  constructor(pool: DriverPool, config: PoolConfig) {
    const { waitForConnections, queueLimit, maxIdle, resetOnRelease } = config;
    this.#pool = pool;
    this.#queueLimit = waitForConnections === false ? 0 : Number(queueLimit) || Number.POSITIVE_INFINITY;
    this.#maxIdle = maxIdle === undefined ? Number.POSITIVE_INFINITY : Number(maxIdle);
    this.#resetOnRelease = resetOnRelease === undefined ? undefined : Boolean(resetOnRelease);
    this.#clients = createPool<PooledConnection>(
      {
        name: 'mysql2',
        opensAtOnce: opensAtOnce(pool.config.connectionConfig),
        create: () => this.#open(),
        destroy: (connection) => close(connection, () => connection._realEnd()),
        validate: async (connection) => {
          await ask((callback) => connection.ping(callback));
          return true;
        },
        // mysql2 takes every connection out of its pool that has an error of its own.
        isFatal: () => true,
        isPermanent,
        isCallersFault,
      },
      toClientsOptions(config),
    );
    this.#clients.on('connect', (connection) => this.#announce(connection));
    this.#clients.on('evict', (connection) => this.#forget(connection));
  }

  /** Connections, those being opened included. */
  get total(): number {
    return this.#clients.size;
  }

  get idle(): number {
    return this.#clients.available;
  }

  /** Connections at most. */
  get max(): number {
    return this.#clients.max;
  }

  /** Callers for whom neither a connection nor a place for one is there. */
  get queued(): number {
    const { pending, borrowed, max } = this.#clients;
    return Math.max(0, pending + borrowed - max);
  }

  /** Whether one more caller would have to wait until somebody gives a connection back. */
  get isExhausted(): boolean {
    const clients = this.#clients;
    // As a rule the first answers it, and the others need not be counted.
    return clients.available === 0 && clients.pending + clients.borrowed >= clients.max;
  }

  /** Whether one more caller is to be refused, if he had to wait. */
  get isFull(): boolean {
    return this.#queueLimit < Number.POSITIVE_INFINITY && this.queued >= this.#queueLimit;
  }

  /** Calls back as soon as there is a connection, or will be none, and never synchronously. What the callback throws is uncaught. */
  checkOut(callback: ConnectionCallback): void {
    this.#clients.acquire().then(
      (connection) => tell(() => this.#handOver(connection, callback)),
      (error: unknown) => tell(() => callback(inPoolsWords(error))),
    );
  }

  /** Has a command carried out: now, if a connection is idle. */
  perform(command: QueryCommand): void {
    const idle = this.#clients.tryAcquire();
    if (idle) this.#give(idle, command);
    else
      this.#clients.acquireFor((error, connection) => {
        if (connection) this.#give(connection, command);
        else fail(command, inPoolsWords(error));
      });
  }

  /** Does nothing to what is not lent, such as what was given back before. */
  takeBack(connection: PooledConnection): void {
    if (connection.place !== 'lent') return;
    connection._released = true;
    connection.place = 'returning';
    connection.giveBack();
  }

  lookOver(connection: PooledConnection): void {
    // It may have failed since.
    if (connection.place !== 'returning') return;
    if (!isUsable(connection)) this.#discard(connection);
    else if (isBusy(connection)) void this.#setAside(connection);
    else this.#clean(connection);
  }

  left(connection: PooledConnection, why: 'failed' | 'destroyed'): void {
    connection.place = 'unlent';
    if (why === 'destroyed') this.#clients.destroy(connection).catch(() => {});
    // A tick later the pool, too, has heard of the failure, and closes it for that reason.
    else process.nextTick(() => void this.#clients.release(connection).catch(() => {}));
  }

  /** Refuses who waits, lets the lent connections finish what they were asked already, and closes all. */
  async shutDown(): Promise<void> {
    clearTimeout(this.#trimTimer);
    for (const connection of this.#connections) if (connection.place !== 'unlent') this.#finish(connection);
    await this.#clients.close();
  }

  async #open(): Promise<PooledConnection> {
    const connection = await opened(new PooledConnection(this.#pool, this));
    if (this.#resetOnRelease === undefined) await connection.session.track();
    return connection;
  }

  #announce(connection: PooledConnection): void {
    this.#connections.add(connection);
    if (this.#pool.listenerCount('connection') === 0) return;
    connection.session.setUp(() => this.#pool.emit('connection', connection));
  }

  #handOver(connection: PooledConnection, callback: ConnectionCallback): void {
    this.#noteLoan(connection);
    callback(null, connection as unknown as PoolConnection);
  }

  #give(connection: PooledConnection, command: QueryCommand): void {
    this.#noteLoan(connection);
    run(command, connection);
  }

  #noteLoan(connection: PooledConnection): void {
    connection.place = 'lent';
    connection._released = false;
    if (this.#pool.listenerCount('acquire') > 0) tell(() => this.#pool.emit('acquire', connection));
  }

  #forget(connection: PooledConnection): void {
    this.#connections.delete(connection);
    connection.place = 'unlent';
    // Nobody is to give it back any more.
    connection._pool = null;
  }

  /**
   * Lends a connection to nobody until the server has answered all that it was asked, for whoever had it next would wait
   * for those answers. That may be long: mysql2 does not cancel a query that ran into its `timeout`.
   */
  async #setAside(connection: PooledConnection): Promise<void> {
    const isIdle = await connection.session.becomesIdle(SET_ASIDE_MILLIS);
    if (connection.place !== 'returning') return;
    if (isIdle && isUsable(connection)) this.#clean(connection);
    else this.#discard(connection, new Error('released with a query under way'));
  }

  #clean(connection: PooledConnection): void {
    const { session } = connection;
    const work = this.#cleaningOf(connection);
    if (work === 'none') this.#putBack(connection);
    else if (work === 'close') this.#discard(connection, session.isBeyondRepair ? beyondRepair() : undefined);
    else void this.#putBackAfter(work, connection);
  }

  #cleaningOf({ session }: PooledConnection): 'none' | 'close' | 'reset' | 'restore' | 'rollback' {
    if (session.isBeyondRepair) return 'close';
    if (this.#resetOnRelease) return 'reset';
    if (session.isChanged && this.#resetOnRelease === undefined) {
      // What listeners have set up would be gone. A new connection has it.
      return this.#pool.listenerCount('connection') > 0 ? 'close' : 'restore';
    }
    return session.isInTransaction ? 'rollback' : 'none';
  }

  async #putBackAfter(work: 'reset' | 'restore' | 'rollback', connection: PooledConnection): Promise<void> {
    const late = setTimeout(() => {
      this.#discard(connection, new Error(`${work} took longer than ${CLEANING_MILLIS} ms`));
    }, CLEANING_MILLIS);
    try {
      await connection.session[work]();
      if (connection.place === 'returning') this.#putBack(connection);
    } catch (error) {
      this.#discard(connection, error);
    } finally {
      clearTimeout(late);
    }
  }

  #putBack(connection: PooledConnection): void {
    connection.place = 'unlent';
    void this.#clients.release(connection);
    this.#pool.emit('release', connection);
    if (this.#clients.available > this.#maxIdle) this.#trimLater();
  }

  /** Does nothing to what is not lent any more. @param error why it is closed, for the pool's log */
  #discard(connection: PooledConnection, error?: unknown): void {
    if (connection.place === 'unlent') return;
    connection.place = 'unlent';
    const gone = error === undefined ? this.#clients.destroy(connection) : this.#clients.release(connection, error);
    gone.catch(() => {});
  }

  #trimLater(): void {
    this.#trimTimer ??= setTimeout(() => this.#trim(), TRIM_MILLIS).unref();
  }

  #trim(): void {
    this.#trimTimer = undefined;
    for (const connection of this.#connections) {
      if (this.#clients.available <= this.#maxIdle) return;
      if (connection.place === 'unlent') this.#clients.destroy(connection).catch(() => {});
    }
  }

  /** Has its borrower's commands answered, and then closes it. */
  #finish(connection: PooledConnection): void {
    // From here on its end is no failure.
    connection._pool = null;
    const closed = () => void this.#clients.destroy(connection).catch(() => {});
    if (isUsable(connection)) {
      connection.stream.once('close', closed);
      connection._realEnd();
    } else {
      closed();
    }
  }
}

/** Calls others from within our own work: what they throw is an uncaught exception, and no failure of ours. */
function tell(call: () => void): void {
  try {
    call();
  } catch (thrown) {
    process.nextTick(() => {
      throw thrown;
    });
  }
}

function inPoolsWords(error: unknown): unknown {
  const isOfClosedPool = error instanceof LifeguardError && error.code === 'ERR_POOL_CLOSED';
  return isOfClosedPool ? closedError(error) : error;
}

/** As mysql2 words it. */
export function closedError(cause?: unknown): Error {
  return new Error('Pool is closed.', cause === undefined ? undefined : { cause });
}

function beyondRepair(): Error {
  return new Error('released with a session of another user, or of a server that has become read-only');
}
