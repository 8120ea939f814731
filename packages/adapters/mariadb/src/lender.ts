import { EventEmitter } from 'node:events';
import { type Pool as Clients, createPool, type Factory, LifeguardError } from '@lifeguard/pool';
import { SqlError } from 'mariadb';
import { isCallersFault, isPermanent } from './classify.js';
import type { Driver, DriverConnection } from './driver.js';
import { Opener } from './opener.js';
import { type PoolConfig, toClientsOptions, toConnectionOptions } from './options.js';
import { Session } from './session.js';
import { close, cutOff } from './socket.js';

/** How long a connection that was released with a query under way may take to finish it, and then to be cleaned. */
const CLEANING_MILLIS = 1000;

/** What a borrower may call, or anybody else who has waited for it: the names of what the driver pool tells. */
export interface LenderEvents<C> {
  connection: [connection: C];
  acquire: [connection: C];
  enqueue: [];
  release: [connection: C];
  error: [error: unknown];
}

/** What is known of a connection. */
interface Account<C extends DriverConnection> {
  readonly session: Session<C>;
  /** `returning` while it is looked after between two loans. */
  place: 'unlent' | 'lent' | 'returning';
  /** Whether it has been returned once: what was set before that is its own. */
  isSettled: boolean;
}

const DONE = Promise.resolve();

/** Opens, lends and takes back the connections of a pool, and tells of it. */
export class Lender<C extends DriverConnection> extends EventEmitter<LenderEvents<C>> {
  readonly #driver: Driver<C>;
  readonly #clients: Clients<C>;
  readonly #config: PoolConfig;
  readonly #adopt: (connection: C) => void;
  readonly #accounts = new WeakMap<C, Account<C>>();
  #closed = false;

  /**
   * @param adopt told of each new connection
   * @throws {ConfigError} that names every option and variable that can't be used
   */
  constructor(driver: Driver<C>, config: PoolConfig, adopt: (connection: C) => void) {
    super();
    this.#driver = driver;
    this.#adopt = adopt;
    this.#config = config;
    this.#clients = createPool(this.#factory(), toClientsOptions(config));
    this.#clients.on('connect', (connection) => this.emit('connection', connection));
    this.#clients.on('error', (error) => this.listenerCount('error') > 0 && this.emit('error', error));
    this.#clients.on('evict', (connection) => this.#forget(connection));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Connections that are there, lent or idle. */
  get total(): number {
    return this.active + this.#clients.available;
  }

  get active(): number {
    return this.#clients.borrowed;
  }

  get idle(): number {
    return this.#clients.available;
  }

  /** At most. */
  get max(): number {
    return this.#clients.max;
  }

  get waiting(): number {
    return this.#clients.pending;
  }

  /** Calls one of the two: now, if a connection is idle, or as soon as there is one, or will be none. They may not throw. */
  checkOut(lend: (connection: C) => void, refuse: (error: unknown) => void): void {
    const idle = this.#clients.tryAcquire();
    if (idle) this.#handOver(idle, lend);
    else if (this.#closed) process.nextTick(refuse, sqlError('pool is closed', ALREADY_CLOSED));
    else this.#wait(lend, refuse);
  }

  /**
   * Does nothing to what is not lent. Resolves when it can be lent again, or has been closed. Never rejects.
   *
   * @param isIdle whether all that it was asked has been answered
   */
  takeBack(connection: C, isIdle = false): Promise<void> {
    const account = this.#accounts.get(connection);
    if (account?.place !== 'lent') return DONE;
    account.place = 'returning';
    if (!connection.isValid()) this.#discard(connection);
    else if (this.#config.noControlAfterUse || (isIdle && this.#isUntouched(account)))
      this.#putBack(connection, account);
    else return this.#clean(connection, account);
    return DONE;
  }

  /** A statement of a borrower's has failed. */
  noteFailure(connection: C, error: unknown): void {
    this.#accounts.get(connection)?.session.failed(error);
  }

  noteUser(connection: C): void {
    this.#accounts.get(connection)?.session.changedUser();
  }

  /** Closes it at once, under its borrower if need be. */
  destroy(connection: C): void {
    cutOff(connection);
    this.#lose(connection);
  }

  /** Refuses who waits, and waits for the lent ones, 10 s at most. Resolves when all are closed. */
  async shutDown(): Promise<void> {
    if (this.#closed) throw sqlError('pool is already closed', ALREADY_CLOSED);
    this.#closed = true;
    await this.#clients.close({ timeoutMillis: 10_000 });
  }

  #factory(): Factory<C> {
    const driver = this.#driver;
    const opener = new Opener(driver);
    return {
      name: 'mariadb',
      get opensAtOnce() {
        return opener.opensAtOnce;
      },
      create: () => this.#open(opener),
      destroy: (connection) => close(driver, connection),
      validate: async (connection) => {
        await driver.ping(connection);
        return true;
      },
      isFatal: () => true,
      isPermanent,
      isCallersFault,
    };
  }

  async #open(opener: Opener<C>): Promise<C> {
    const connection = await opener.open(toConnectionOptions(this.#config));
    const session = new Session(connection, this.#driver, this.#config.database);
    this.#accounts.set(connection, { session, place: 'unlent', isSettled: false });
    if (!this.#config.noControlAfterUse && !this.#config.resetAfterUse) await session.track();
    // The driver takes all listeners off a socket that it closes, those of the pool too.
    connection.on('error', () => this.#lose(connection));
    connection.on('end', () => this.#lose(connection));
    this.#adopt(connection);
    return connection;
  }

  /** It has failed, or was ended by its borrower. In a tick of its own, for the pool may know the reason by then. */
  #lose(connection: C): void {
    process.nextTick(() => {
      this.#forget(connection);
      this.#clients.destroy(connection).catch(() => {});
    });
  }

  /** Nobody is to give it back any more. */
  #forget(connection: C): void {
    const account = this.#accounts.get(connection);
    if (account) account.place = 'unlent';
  }

  #wait(lend: (connection: C) => void, refuse: (error: unknown) => void): void {
    if (this.#clients.available === 0) this.emit('enqueue');
    this.#clients.acquire().then(
      (connection) => this.#handOver(connection, lend),
      (error: unknown) => refuse(inDriversWords(error)),
    );
  }

  #handOver(connection: C, lend: (connection: C) => void): void {
    const account = this.#accounts.get(connection);
    if (account) account.place = 'lent';
    this.#tell('acquire', connection);
    lend(connection);
  }

  /** What a listener throws is an uncaught exception. Whoever has borrowed the connection is not to blame. */
  #tell(event: 'acquire' | 'release', connection: C): void {
    try {
      this.emit(event, connection);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #isUntouched({ session }: Account<C>): boolean {
    return !(session.isChanged || session.isInTransaction || session.isBeyondRepair || this.#config.resetAfterUse);
  }

  async #clean(connection: C, account: Account<C>): Promise<void> {
    const late = setTimeout(() => {
      cutOff(connection);
      this.#discard(connection, new Error('not ready within a second'));
    }, CLEANING_MILLIS);
    try {
      const isClean = await this.#isCleaned(account);
      if (account.place !== 'returning') return;
      if (isClean) this.#putBack(connection, account);
      else this.#discard(connection);
    } catch (error) {
      this.#discard(connection, error);
    } finally {
      clearTimeout(late);
    }
  }

  /** @returns whether it can be lent again */
  async #isCleaned(account: Account<C>): Promise<boolean> {
    const { session } = account;
    // Waits for what is due, and sends nothing if there is nothing to be undone.
    await session.rollback();
    if (session.isBeyondRepair) throw new Error('released with a session of another user, or of a read-only server');
    if (this.#config.resetAfterUse) await session.reset();
    else if (session.isChanged) return this.#isRestored(account);
    account.isSettled = true;
    return true;
  }

  async #isRestored(account: Account<C>): Promise<boolean> {
    const { session } = account;
    const hasSetUp = this.listenerCount('connection') > 0;
    if (hasSetUp && !account.isSettled) {
      account.isSettled = true;
      session.accept();
      return true;
    }
    // What these have set would be gone. A new connection has it.
    if (hasSetUp || this.#config.sessionVariables) return false;
    await session.restore();
    return true;
  }

  #putBack(connection: C, account: Account<C>): void {
    account.place = 'unlent';
    void this.#clients.release(connection);
    this.#tell('release', connection);
  }

  /** Does nothing to what is not lent any more. @param error why, for the pool's log */
  #discard(connection: C, error?: unknown): void {
    const account = this.#accounts.get(connection);
    if (!account || account.place === 'unlent') return;
    account.place = 'unlent';
    const gone = error === undefined ? this.#clients.destroy(connection) : this.#clients.release(connection, error);
    gone.catch(() => {});
  }
}

/** The driver's numbers for its own errors. */
const ALREADY_CLOSED = 45027;
const GET_CONNECTION_TIMEOUT = 45028;
const CLOSING_POOL = 45037;

function inDriversWords(error: unknown): unknown {
  if (!(error instanceof LifeguardError)) return error;
  if (error.code === 'ERR_POOL_CLOSED')
    return sqlError('pool is ending, connection request aborted', CLOSING_POOL, error);
  const { message } = error;
  return sqlError(`retrieve connection from pool timeout: ${message}`, GET_CONNECTION_TIMEOUT, error);
}

type ErrorClass = new (
  message: string,
  sql: null,
  fatal: boolean,
  info: null,
  sqlState: string,
  errno: number,
  stack: undefined,
  addHeader: undefined,
  options: object | undefined,
) => SqlError;

/** The class is exported, its constructor is not in the types. mariadb 3.5.1 to 3.5.3 export the module around it. */
const { default: DriverError = SqlError as unknown as ErrorClass } = SqlError as unknown as { default?: ErrorClass };

function sqlError(message: string, errno: number, cause?: unknown): SqlError {
  const options = cause === undefined ? undefined : { cause };
  return new DriverError(message, null, false, null, 'HY000', errno, undefined, undefined, options);
}
