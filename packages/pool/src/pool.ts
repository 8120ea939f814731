import type { Verdict } from '@lifeguard/tcp';
import { type Arrival, startAttempt } from './attempt.js';
import { castsDoubt, type EvictReason, isRoutine, socketFailure } from './classify.js';
import { clockMillis, roughMillis } from './clock.js';
import { Closer } from './closer.js';
import { Conditions } from './conditions.js';
import { Connection, type Place } from './connection.js';
import { type Attempt, Connector, type Consequence } from './connector.js';
import { within } from './deadline.js';
import { type AcquireCallback, Desk, type Note } from './desk.js';
import {
  AcquireTimeoutError,
  DrainTimeoutError,
  DuplicateConnectionError,
  NotBorrowedError,
  PoolClosedError,
  type PoolState,
  QueueFullError,
  StepTimeoutError,
  UselessConnectionError,
} from './errors.js';
import {
  channels,
  type PoolEvents,
  type PublishedEvent,
  publish,
  publishClosed,
  publishOpen,
  SafeEmitter,
} from './events.js';
import { checkFactory, type Factory } from './factory.js';
import { Housekeeper } from './housekeeper.js';
import { Idleness } from './idleness.js';
import { Inventory } from './inventory.js';
import { Lease } from './lease.js';
import { createLogger, type Log, logFor } from './log.js';
import { Lookout } from './lookout.js';
import { type PoolOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { returnPromisesOf } from './promises.js';
import { Roster } from './roster.js';
import { Shelf } from './shelf.js';
import { type ConnectionReport, Counter, type PoolStats } from './stats.js';
import { type Alarm, Watch } from './watch.js';

/** How one caller waits. */
export interface AcquireOptions {
  /** 0 is served first; up to `priorityRange` - 1. Default 0. */
  readonly priority?: number;
  /** Leaves the queue when it aborts: `acquire` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** In place of the pool's `acquireTimeoutMillis`; 0 or `Infinity` waits without end, a negative time not at all. */
  readonly timeoutMillis?: number;
}

const NO_WISHES: AcquireOptions = {};
const DONE = Promise.resolve();
/** The methods that return promises. */
const PROMISING = ['acquire', 'release', 'destroy', 'use', 'lease', 'drain', 'clear', 'ready', 'close'] as const;

/** How long `drain` and `close` wait for borrowers to return what they hold, unless told otherwise. */
const PATIENCE_MILLIS = 30_000;

/** How often the kernel is asked about connections that are lent. A loan that is shorter is never looked at. */
const SWEEP_MILLIS = 500;

/**
 * Makes a pool of connections whose sockets are hardened, and which leave the pool the moment the kernel gives up on
 * them.
 *
 * @throws {ConfigError} that names every option and every environment variable that can't be used
 * @throws {TypeError} if the factory lacks `create` or `destroy`
 */
export function createPool<T>(factory: Factory<T>, options: PoolOptions = {}): Pool<T> {
  return new Pool(factory, options);
}

/** See `createPool`. Its methods and getters are those of generic-pool, and some more. */
export class Pool<T> extends SafeEmitter<PoolEvents<T>> {
  readonly #factory: Factory<T>;
  readonly #options: ResolvedOptions;
  readonly #log: Log;
  readonly #inventory: Inventory<T>;
  readonly #connector: Connector<Connection<T>>;
  readonly #desk: Desk<T>;
  readonly #housekeeper = new Housekeeper(() => this.#retire());
  readonly #sweeper = new Housekeeper(() => this.#sweep());
  readonly #counter = new Counter();
  readonly #idleness: Idleness;

  /** Every connection that is open and not gone, by what the factory made. */
  readonly #connections = new Roster<T>();
  /** Those that are idle. */
  readonly #shelf: Shelf<T>;
  readonly #lookout: Lookout<T>;
  /**
   * The clock as it was last read, roughly for each loan that doesn't wait, and every `#tickMillis` while anything is lent. For
   * the rest that is near enough, so that giving back reads no clock.
   */
  #now = clockMillis();
  readonly #tickMillis: number;
  /** When the sweep came by for the last time. */
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** How many have been opened and not come to the desk yet. */
  #arriving = 0;
  /** What `close` took from borrowers who were too slow; they may give it back, once. */
  readonly #revoked = new Set<T>();
  readonly #closer: Closer<T>;
  /** Who waits for the pool to come to a state. */
  readonly #conditions = new Conditions();
  /** How often the pool has been cleared. What was begun before that is not lent. */
  #generation = 0;
  /** Connections that are being fetched, and will be offered to whoever waits first. */
  #fetching = 0;
  /** Whether `min` connections are to be kept. */
  #started = false;
  readonly #warnsOfLeaks: boolean;
  readonly #testsOnBorrow: boolean;
  readonly #testsOnReturn: boolean;
  /** Whether something is to be done with a connection that comes back, before it can be lent again. */
  readonly #looksOver: boolean;
  #phase: 'open' | 'draining' | 'closed' = 'open';
  #refusalTold = false;

  constructor(factory: Factory<T>, options: PoolOptions = {}) {
    super();
    checkFactory(factory);
    this.#factory = factory;
    this.#options = resolveOptions(options);
    const { fifo, aliveBypassMillis, max, maxConnecting, priorityRange, autostart, logger, logLevel, warnings } =
      this.#options;
    this.#log = logFor(this.name, logger ?? createLogger(logLevel));
    for (const warning of warnings) this.#log('warn', warning);
    this.#tickMillis = tickOf(this.#options);
    this.#tellUselessTests();
    this.#warnsOfLeaks = this.#options.leakWarningMillis > 0;
    this.#testsOnBorrow = this.#options.testOnBorrow && factory.validate !== undefined;
    this.#testsOnReturn = this.#options.testOnReturn && factory.validate !== undefined;
    this.#looksOver = factory.reset !== undefined || this.#testsOnReturn;
    this.#idleness = new Idleness(this.#options);
    if (options.Promise) returnPromisesOf(options.Promise, this, PROMISING);
    this.#shelf = new Shelf({
      fifo,
      aliveBypassMillis,
      readClock: () => void this.#readClock(),
      dead: (connection) => this.#evict(connection, 'peer-closed'),
      suspect: (connection) => this.#lookout.suspect(connection),
    });
    this.#lookout = new Lookout({
      withdraw: (connection) => this.#shelf.remove(connection),
      setAside: (connection) => this.#move(connection, 'quarantined'),
      settled: (connection, verdict) => void this.#judge(connection, verdict),
      suspected: (connection) => this.#tellSuspected(connection),
      recovered: (connection) => this.#tellRecovered(connection),
    });
    this.#closer = new Closer({
      factory,
      timeoutMillis: this.#options.destroyTimeoutMillis,
      failed: (error) => this.#tellDestroyFailed(error),
    });
    this.#desk = new Desk({
      priorities: priorityRange,
      late: (millis) => this.#tooLate(millis),
      left: () => this.#conditions.notice(),
    });
    this.#connector = new Connector<Connection<T>>({
      maxConnecting,
      start: () => this.#startAttempt(),
      demand: () => ({ waiting: this.#unserved(), missing: this.#missing(), lent: this.borrowed }),
      failed: (error) => this.#connectFailed(error),
      surplus: (connection) => this.#turnAway(connection),
    });
    this.#inventory = new Inventory<T>({
      max,
      open: () => this.#connector.fill(),
      close: (connection) => this.#close(connection),
    });
    publishOpen(this);
    if (autostart) this.start();
  }

  /** As given in the options, else that of the factory. */
  get name(): string {
    return this.#options.name ?? this.#factory.name ?? 'pool';
  }

  /** Connections, those being opened included. */
  get size(): number {
    return this.#connections.size + this.#connector.connecting;
  }

  /** Connections that can be lent now. */
  get available(): number {
    return this.#shelf.length;
  }

  /** Connections that are lent, or looked over between two loans. */
  get borrowed(): number {
    return this.#connections.size - this.#arriving - this.#shelf.length - this.#lookout.quarantined;
  }

  /** Callers who wait for a connection. */
  get pending(): number {
    return this.#desk.waiting;
  }

  get max(): number {
    return this.#options.max;
  }

  get min(): number {
    return this.#options.min;
  }

  /** How many more connections could be opened. */
  get spareResourceCapacity(): number {
    return Math.max(0, this.max - this.size);
  }

  /** Opens `min` connections, and keeps them from now on. With `autostart` this has been done. */
  start(): void {
    if (this.#phase !== 'open') return;
    this.#started = true;
    this.#restock();
  }

  /**
   * Resolves once `min` connections can be lent.
   *
   * @throws {PoolClosedError} (rejects) if the pool is closed first
   */
  async ready(): Promise<void> {
    await this.#conditions.until(() => this.available >= this.min || this.#phase === 'closed');
    if (this.available < this.min) throw new PoolClosedError();
  }

  /**
   * Borrows a connection, to be given back with `release` or `destroy`.
   *
   * While connects fail it waits, for they are tried again: the network's return is noticed within a second.
   *
   * @param request a priority, or how to wait
   * @throws {AcquireTimeoutError} when time is up; its `cause` is the last connect error, if connects have been failing
   * @throws {QueueFullError} if `maxWaitingClients` wait already
   * @throws {PoolClosedError} after `drain` or `close`
   * @throws the signal's reason when it aborts; the driver's own error if it is permanent (wrong password, …)
   */
  acquire(request?: number | AcquireOptions): Promise<T> {
    if (this.#phase !== 'open') return Promise.reject(new PoolClosedError());
    const wishes = typeof request === 'number' ? { priority: request } : (request ?? NO_WISHES);
    if (wishes.signal?.aborted) return Promise.reject(wishes.signal.reason);
    this.#started = true;
    const connection = this.#takeIdle();
    return connection ? this.#lend(connection).promise : this.#wait(wishes);
  }

  /**
   * Borrows a connection if one is idle and nobody waits, and else returns `undefined` and leaves it at that: nothing is opened. It is
   * to be given back as if `acquire` had lent it.
   */
  tryAcquire(): T | undefined {
    if (this.#phase !== 'open') return undefined;
    const connection = this.#takeIdle();
    return connection && this.#lend(connection).resource;
  }

  /**
   * As `acquire` without a request, by callback, which spares its caller two promises: for a driver whose own API takes callbacks.
   *
   * @param callback called once, in a tick of its own, with the error or with `null` and the connection; what it throws is an uncaught
   * exception. If it had to wait, that is the async context of whoever gave the connection back: who needs its own has `acquire`
   */
  acquireFor(callback: AcquireCallback<T>): void {
    const idle = this.#phase === 'open' ? this.#takeIdle() : undefined;
    if (idle) process.nextTick(callback, null, this.#lend(idle).resource);
    else this.#waitFor(callback);
  }

  /**
   * Gives a connection back.
   *
   * @param error what went wrong with it: the connection is closed, unless the factory's `isFatal` says that it can go on
   * @throws {NotBorrowedError} (rejects) if it is not lent
   */
  release(resource: T, error?: unknown): Promise<void> {
    const connection = this.#takeBack(resource);
    if (!connection) return this.#refuseToTakeBack(resource);
    this.#counter.released += 1;
    if (this.heard.release || channels.release.hasSubscribers) this.#tellReturn(resource, error);
    if (error !== undefined || this.#looksOver) this.#receive(connection, error);
    else void this.#offer(connection);
    return DONE;
  }

  /**
   * Has a connection closed: a lent one is thereby given back, an idle one need not be borrowed for it.
   *
   * @throws {NotBorrowedError} (rejects) if it is neither lent, nor idle, nor quarantined
   */
  destroy(resource: T): Promise<void> {
    const connection = this.#takeUnlent(resource) ?? this.#takeBack(resource);
    if (!connection) return this.#refuseToTakeBack(resource);
    const { failure } = connection;
    // Its borrower may have destroyed it for what its socket had told before.
    if (failure && !isRoutine(failure.reason)) this.#evict(connection, failure.reason, failure.error);
    else this.#evict(connection, 'destroyed');
    return DONE;
  }

  /** Whether this is lent now. */
  isBorrowedResource(resource: T): boolean {
    return this.#connections.get(resource)?.place === 'lent';
  }

  /** Borrows a connection for one call of `use`. If that fails, the connection is given back with its error. */
  async use<R>(use: (resource: T) => R | PromiseLike<R>, request?: number | AcquireOptions): Promise<R> {
    const resource = await this.acquire(request);
    const loanGoesOn = this.#loanOf(resource);
    try {
      const result = await use(resource);
      if (loanGoesOn()) await this.release(resource);
      return result;
    } catch (error) {
      if (loanGoesOn()) await this.#releaseAfter(error, resource);
      throw error;
    }
  }

  /**
   * Borrows a connection that is given back when the lease is disposed of: `await using lease = await pool.lease()`.
   *
   * @throws (rejects) as `acquire` does
   */
  async lease(request?: number | AcquireOptions): Promise<Lease<T>> {
    const resource = await this.acquire(request);
    return new Lease(resource, this, this.#loanOf(resource));
  }

  /**
   * Lends to those who wait already and to nobody else. Resolves once all is given back.
   *
   * @throws {DrainTimeoutError} (rejects) if that takes longer than `timeoutMillis` (default 30,000; 0 or `Infinity`: without end)
   */
  async drain({ timeoutMillis = PATIENCE_MILLIS }: { timeoutMillis?: number } = {}): Promise<void> {
    if (this.#phase === 'open') this.#phase = 'draining';
    const quiet = () => this.#desk.waiting === 0 && this.borrowed === 0;
    await this.#conditions.until(quiet, timeoutMillis, () => new DrainTimeoutError(timeoutMillis, this.#state()));
    this.#shut();
  }

  /** Replaces every connection: idle ones are closed now, lent ones on their return. Resolves once idle ones are closed. */
  async clear(): Promise<void> {
    this.#generation += 1;
    this.#condemnAll('cleared');
    await this.#closer.allClosed();
  }

  /**
   * Ends the pool: who waits is refused now, who has borrowed may finish for `timeoutMillis` (default 30,000; 0 or `Infinity`:
   * without end), then every connection is closed. Never rejects.
   */
  async close({ timeoutMillis = PATIENCE_MILLIS }: { timeoutMillis?: number } = {}): Promise<void> {
    if (this.#phase === 'open') this.#phase = 'draining';
    this.#desk.refuseAll(new PoolClosedError());
    try {
      await this.drain({ timeoutMillis });
    } catch (error) {
      this.#log('warn', 'closing under borrowers', { error });
    }
    this.#shut();
    for (const connection of this.#connections) {
      condemn(connection, 'closed');
      if (connection.place === 'lent') this.#revoked.add(connection.resource);
      // What arrives just now is closed as soon as it is here.
      if (connection.place !== 'arriving') this.#evict(connection, 'closed');
    }
    await this.#conditions.until(() => this.#connections.size === 0);
    await this.#closer.allClosed();
  }

  /** Totals since the pool was made. */
  stats(): PoolStats {
    return this.#counter.report();
  }

  /** What the pool holds now. */
  connections(): ConnectionReport[] {
    const now = clockMillis();
    return [...this.#connections].map(({ peer, place, createdAt, movedAt, expiresAt, uses, watch }) => ({
      peer,
      place: place as ConnectionReport['place'],
      ageMillis: now - createdAt,
      sinceMillis: now - movedAt,
      expiresInMillis: expiresAt - now,
      uses,
      sockets: () => watch.inspect(),
    }));
  }

  // Lending

  /** One that can be lent at once, if nobody was here before. */
  #takeIdle(): Connection<T> | undefined {
    if (this.#desk.waiting > 0 || this.#shelf.length === 0 || this.#testsOnBorrow) return undefined;
    this.#now = roughMillis();
    this.#sweepSoon();
    return this.#shelf.take(this.#now);
  }

  #wait({ priority, signal, timeoutMillis: given }: AcquireOptions): Promise<T> {
    const timeoutMillis = given ?? this.#options.acquireTimeoutMillis;
    // As of who reckons what is left of its own time, and has none.
    if (!(timeoutMillis >= 0)) return Promise.reject(this.#tooLate(timeoutMillis));
    if (this.#refusesToWait()) return Promise.reject(new QueueFullError(this.#state()));
    const served = this.#desk.wait(priority, timeoutMillis, signal, this.#isNoted() ? this.#noteCaller() : undefined);
    if (this.heard.wait) this.emit('wait', served);
    if (!this.#isExhausted()) this.#restock();
    return served;
  }

  #waitFor(callback: AcquireCallback<T>): void {
    // Whoever is refused at once, or hears of those who wait, is told by way of a promise.
    if (this.#phase !== 'open' || this.heard.wait || this.#refusesToWait()) {
      this.acquire().then(
        (resource) => process.nextTick(callback, null, resource),
        (reason: unknown) => process.nextTick(callback, reason),
      );
      return;
    }
    this.#started = true;
    this.#desk.waitFor(callback, this.#options.acquireTimeoutMillis, this.#isNoted() ? this.#noteCaller() : undefined);
    if (!this.#isExhausted()) this.#restock();
  }

  #refusesToWait(): boolean {
    return this.#desk.waiting >= this.#options.maxWaitingClients && this.#isFull();
  }

  /** Whether anything is to be known of callers, and told of loans. */
  #isNoted(): boolean {
    return this.#warnsOfLeaks || this.heard.acquire === true || channels.acquire.hasSubscribers;
  }

  #noteCaller(): Note {
    return { since: performance.now(), stack: this.#warnsOfLeaks ? stackHere() : undefined };
  }

  /** Of those who wait, the ones for whom a connection could be opened at once count as being served. */
  #isFull(): boolean {
    return this.available < 1 && this.#connections.size + this.#desk.waiting >= this.max;
  }

  /** Whether every connection that there can be is here, and none is idle: one more who waits changes nothing. */
  #isExhausted(): boolean {
    return this.#fetching === 0 && this.#shelf.length === 0 && !this.#inventory.canTakeOrder;
  }

  #tooLate(timeoutMillis: number): Error {
    this.#counter.timeouts += 1;
    return new AcquireTimeoutError(timeoutMillis, this.#state(), this.#connector.lastError);
  }

  /** Who waits, less those for whom a connection has arrived already. */
  #unserved(): number {
    return Math.max(0, this.#desk.waiting - this.#arriving);
  }

  #missing(): number {
    return this.#started && this.#phase === 'open' ? this.min - this.#connections.size : 0;
  }

  /** Fetches as many connections as are wanted and not on their way, and lets the connector know of the demand. */
  #restock(): void {
    while (this.#canFetch() && this.#fetching < Math.max(this.#desk.waiting, this.#missing())) void this.#fetch();
    this.#connector.pump();
  }

  #canFetch(): boolean {
    return this.#canTakeFromShelf() || (this.#inventory.canTakeOrder && this.#phase !== 'closed');
  }

  /** For a caller; what lies there counts for the minimum already. */
  #canTakeFromShelf(): boolean {
    return this.#desk.waiting > 0 && this.#shelf.length > 0;
  }

  async #fetch(): Promise<void> {
    this.#fetching += 1;
    const idle = this.#canTakeFromShelf() ? this.#shelf.take(this.#readClock()) : undefined;
    const connection = idle ?? (await this.#inventory.order());
    this.#readClock();
    this.#sweepSoon();
    if (connection) await this.#offer(connection);
    this.#fetching -= 1;
    this.#restock();
  }

  /** A connection is at hand: goes to the first who waits, or on the shelf. The promise is of its test, if there is one. */
  #offer(connection: Connection<T>): Promise<void> | undefined {
    if ((connection.failure || connection.doubted) && !this.#isFit(connection)) return undefined;
    if (this.#desk.waiting > 0) return this.#serve(connection);
    this.#shelve(connection);
    return undefined;
  }

  /** What is not fit leaves the pool, or is quarantined. */
  #isFit(connection: Connection<T>): boolean {
    const { failure } = connection;
    if (failure) this.#evict(connection, failure.reason, failure.error);
    else if (this.#lookout.hasHeard(connection)) return true;
    else this.#lookout.quarantine(connection);
    return false;
  }

  #serve(connection: Connection<T>): Promise<void> | undefined {
    if (this.#testsOnBorrow) return this.#testThenLend(connection);
    this.#lendToFirst(connection);
    return undefined;
  }

  /** Who waits has it before anything is told: a listener might have it leave, and the connection would be nobody's. */
  #lendToFirst(connection: Connection<T>): void {
    const note = this.#desk.serve(connection.resource);
    this.#lend(connection, note);
  }

  /** @param note of the borrower, if it has waited */
  #lend(connection: Connection<T>, note?: Note): Connection<T> {
    this.#move(connection, 'lent');
    connection.uses += 1;
    if (connection.uses >= this.#options.maxUses) condemn(connection, 'max-uses');
    this.#counter.acquired += 1;
    if (this.#isNoted()) this.#noteLoan(connection, note);
    return connection;
  }

  #noteLoan(connection: Connection<T>, note: Note | undefined): void {
    if (this.#warnsOfLeaks) this.#watchForLeak(connection, note);
    this.#tellLoan(connection.resource, note);
  }

  #shelve(connection: Connection<T>): void {
    this.#move(connection, 'idle');
    this.#sweepSoon();
    this.#shelf.add(connection);
    this.#conditions.notice();
  }

  /** `undefined` if a borrower has this, or it is not here. */
  #takeUnlent(resource: T): Connection<T> | undefined {
    const connection = this.#connections.get(resource);
    return connection && isUnlent(connection) ? connection : undefined;
  }

  /** `undefined` if this is not lent. */
  #takeBack(resource: T): Connection<T> | undefined {
    const connection = this.#connections.get(resource);
    if (connection?.place !== 'lent') return undefined;
    if (connection.leakTimer) clearTimeout(connection.leakTimer);
    connection.place = 'checking';
    if (connection.uses === 1) connection.watch.used();
    return connection;
  }

  /** Tells whether a loan that has just begun goes on. Who had it may have given it back, and another may have it by now. */
  #loanOf(resource: T): () => boolean {
    const connection = this.#connections.get(resource);
    const loan = connection?.uses;
    return () => connection?.place === 'lent' && connection.uses === loan;
  }

  /** An error without a value is an error all the same. */
  #releaseAfter(error: unknown, resource: T): Promise<void> {
    return error === undefined || error === null ? this.destroy(resource) : this.release(resource, error);
  }

  #refuseToTakeBack(resource: T): Promise<void> {
    if (this.#revoked.delete(resource)) return DONE;
    return Promise.reject(new NotBorrowedError(this.#connections.has(resource)));
  }

  #watchForLeak(connection: Connection<T>, note: Note | undefined): void {
    const { leakWarningMillis } = this.#options;
    // Who has waited is served by whoever gave back.
    const stack = note?.stack ?? stackHere();
    connection.leakTimer = setTimeout(() => {
      this.#log('warn', 'a connection has been lent for suspiciously long', { connection, leakWarningMillis, stack });
    }, leakWarningMillis);
    connection.leakTimer.unref();
  }

  // Checking

  async #testThenLend(connection: Connection<T>): Promise<void> {
    this.#move(connection, 'checking');
    if (!(await this.#passes(connection, 'validate', () => this.#validate(connection)))) return;
    const canGo = !connection.failure && !connection.doubted && this.#desk.waiting > 0;
    if (canGo) this.#lendToFirst(connection);
    else void this.#offer(connection);
  }

  /** A connection comes back that may not be fit to be lent again. */
  #receive(connection: Connection<T>, error: unknown): void {
    if (error !== undefined && error !== null && this.#isFatal(error, connection)) {
      condemn(connection, socketFailure(error) ?? 'released-with-error', error);
    }
    if (this.#looksOver && !connection.failure) this.#lookOver(connection);
    else void this.#offer(connection);
  }

  /** A reset that has nothing to do, and says so without a promise, costs its call and no more. */
  #lookOver(connection: Connection<T>): void {
    let resetting: unknown;
    try {
      resetting = this.#factory.reset?.(connection.resource);
    } catch (error) {
      this.#evict(connection, 'reset-failed', error);
      return;
    }
    if (isThenable(resetting) || this.#testsOnReturn) void this.#lookOverInTime(connection, resetting);
    else void this.#offer(connection);
  }

  async #lookOverInTime(connection: Connection<T>, resetting: unknown): Promise<void> {
    if (isThenable(resetting) && !(await this.#passes(connection, 'reset', () => resetting))) return;
    if (this.#testsOnReturn && !(await this.#passes(connection, 'validate', () => this.#validate(connection)))) return;
    this.#readClock();
    void this.#offer(connection);
  }

  #validate({ resource }: Connection<T>): unknown {
    return this.#factory.validate?.(resource);
  }

  /** Runs a step of the factory's, bounded. A connection that fails it is evicted. */
  async #passes(connection: Connection<T>, step: 'validate' | 'reset', run: () => unknown): Promise<boolean> {
    const { validateTimeoutMillis } = this.#options;
    const reason = step === 'validate' ? 'invalid' : 'reset-failed';
    try {
      const answer = await within(validateTimeoutMillis, run, () => new StepTimeoutError(step, validateTimeoutMillis));
      if (step === 'reset' || answer !== false) return true;
      this.#evict(connection, reason);
    } catch (error) {
      this.#evict(connection, reason, error);
    }
    return false;
  }

  #isFatal(error: unknown, { resource }: Connection<T>): boolean {
    if (socketFailure(error) || !this.#factory.isFatal) return true;
    return attemptOr(true, () => this.#factory.isFatal?.(error, resource) !== false);
  }

  // Doubting

  #tellSuspected(connection: Connection<T>): void {
    this.#counter.suspected += 1;
    this.#log('warn', 'suspect: its peer has stopped answering', { connection });
    this.#announce('suspect', connection.resource);
  }

  #tellRecovered(connection: Connection<T>): void {
    this.#counter.recovered += 1;
    this.#log('warn', 'recovered: its peer answers again', { connection });
    this.#announce('recover', connection.resource);
  }

  /** A connection leaves the quarantine. Where the kernel can't ask its peer, the factory may. */
  async #judge(connection: Connection<T>, verdict: Verdict): Promise<void> {
    if (verdict === 'dead') return this.#evict(connection, 'peer-closed');
    if (verdict === 'suspect') return this.#evict(connection, 'unanswered');
    const mustAsk = verdict === 'unknown' && this.#factory.validate !== undefined;
    if (mustAsk && !(await this.#passes(connection, 'validate', () => this.#validate(connection)))) return;
    if (connection.place === 'gone') return;
    this.#readClock();
    this.#sweepSoon();
    this.#lookout.trust(connection);
    void this.#offer(connection);
  }

  /** Something that was not lent is going to be, or was laid on the shelf. While anything is lent the sweep comes by of itself. */
  #sweepSoon(): void {
    this.#sweeper.expect(this.#now + this.#tickMillis);
  }

  /** Looks at all that have moved lately or are lent, and tells when to look again. */
  #sweep(): number {
    // A rough time that was taken for right is off by less than that.
    const before = this.#sweptAt - this.#options.aliveBypassMillis;
    const now = this.#readClock();
    this.#sweptAt = now;
    let next = this.borrowed > 0 ? now + this.#tickMillis : Number.POSITIVE_INFINITY;
    for (const connection of this.#connections) {
      const { place, movedAt, expiresAt } = connection;
      if (place === 'idle') {
        if (movedAt >= before) this.#housekeeper.expect(this.#retirementOf(connection));
        continue;
      }
      if (expiresAt > now) next = Math.min(next, expiresAt);
      else condemn(connection, 'max-lifetime');
      if (place === 'lent' && now - movedAt >= SWEEP_MILLIS) this.#lookout.watch(connection);
    }
    return next;
  }

  // Opening

  #startAttempt(): Attempt<Connection<T>> {
    const generation = this.#generation;
    const watch = new Watch(this.#options.tcp, this.#factory.opensAtOnce, this.name);
    const late = ({ resource }: Arrival<T>) => void this.#close({ resource, watch });
    const attempt = startAttempt(this.#factory, watch, this.#options.connectTimeoutMillis, late);
    return {
      result: attempt.result.then((arrival) => this.#admit(arrival, generation)),
      get progress() {
        return attempt.progress;
      },
      abort: () => attempt.abort(),
    };
  }

  #admit(arrival: Arrival<T>, generation: number): Connection<T> {
    const { maxLifetimeMillis } = this.#options;
    if (this.#connections.has(arrival.resource)) {
      arrival.watch.end();
      throw new DuplicateConnectionError();
    }
    const lifetime = maxLifetimeMillis > 0 ? maxLifetimeMillis * (1 - 0.1 * Math.random()) : Number.POSITIVE_INFINITY;
    const connection = new Connection(arrival, lifetime);
    if (generation !== this.#generation) condemn(connection, 'cleared');
    if (this.#phase === 'closed') condemn(connection, 'closed');
    this.#connections.add(connection);
    this.#lookout.trust(connection);
    this.#arriving += 1;
    this.#counter.created += 1;
    arrival.watch.begin(connection.resource, (alarm) => this.#hearAlarm(connection, alarm));
    this.#tellRefusals(arrival.watch);
    const { failures } = this.#connector;
    this.#log(failures > 0 ? 'warn' : 'debug', failures > 0 ? 'connected again' : 'connected', {
      connection,
      failures,
    });
    this.#announce('connect', connection.resource, arrival.connectMillis);
    return connection;
  }

  #connectFailed(error: unknown): Consequence {
    this.#counter.connectFailures += 1;
    this.emit('factoryCreateError', error);
    const waiting = this.#desk.waiting;
    this.#log(this.#connector.failures > 0 ? 'debug' : 'warn', 'connect failed', { error, waiting });
    if (waiting === 0) this.#announce('error', error);
    if (attemptOr(false, () => this.#factory.isPermanent?.(error) ?? false)) {
      this.#desk.refuseAll(error);
    } else if (waiting > 0 && attemptOr(false, () => this.#factory.isCallersFault?.(error) ?? false)) {
      this.#desk.refuse(error);
      this.#conditions.notice();
      return 'go-on';
    }
    this.#conditions.notice();
    return 'back-off';
  }

  /** What this kernel or this Node can't do is said once. */
  #tellRefusals({ hardenings }: Watch): void {
    const refused = hardenings.flatMap((hardening) => hardening.refused);
    if (this.#refusalTold || refused.length === 0) return;
    this.#refusalTold = true;
    this.#log('warn', 'not all TCP options could be set', { refused });
  }

  #tellUselessTests(): void {
    const { testOnBorrow, testOnReturn } = this.#options;
    if (this.#factory.validate || !(testOnBorrow || testOnReturn)) return;
    this.#log('warn', 'testOnBorrow and testOnReturn do nothing: the factory has no validate');
  }

  // Leaving

  #hearAlarm(connection: Connection<T>, { of, reason, error }: Alarm): void {
    const { place } = connection;
    if (place === 'gone') return;
    if (of === 'driver' && !isUnlent(connection) && !this.#endsLoan(error, connection)) return;
    condemn(connection, reason, error);
    if (castsDoubt(reason)) this.#lookout.doubt(connection);
    if (!isUnlent(connection)) return;
    this.#evict(connection, reason, error);
    if (error !== undefined) this.#announce('error', error);
  }

  /** A driver may tell its borrower of an error and go on; so only what is known to be fatal counts. */
  #endsLoan(error: unknown, connection: Connection<T>): boolean {
    if (socketFailure(error)) return true;
    return this.#factory.isFatal !== undefined && this.#isFatal(error, connection);
  }

  /** Does nothing to what has gone already, such as what `close` took away under a running check. */
  #evict(connection: Connection<T>, reason: EvictReason, error?: unknown): void {
    if (connection.place === 'gone') return;
    this.#shelf.remove(connection);
    this.#bidFarewell(connection, reason, error);
    if (connection.uses === 0 && !isRoutine(reason)) this.#connector.blame(error ?? new UselessConnectionError(reason));
    this.#inventory.discard(connection);
    this.#restock();
  }

  /** None of those that there are is lent again. Who is idle goes now. */
  #condemnAll(reason: EvictReason): void {
    for (const connection of this.#connections) condemn(connection, reason);
    for (const connection of this.#connections) if (isUnlent(connection)) this.#evict(connection, reason);
  }

  /** Closes what arrived when its place had been taken: the inventory never had it. */
  #turnAway(connection: Connection<T>): void {
    this.#bidFarewell(connection, 'surplus');
    void this.#close(connection);
  }

  #bidFarewell(connection: Connection<T>, reason: EvictReason, error?: unknown): void {
    clearTimeout(connection.leakTimer);
    this.#connections.delete(connection);
    this.#lookout.forget(connection);
    this.#move(connection, 'gone');
    this.#conditions.notice();
    this.#counter.evict(reason);
    this.#log(isRoutine(reason) ? 'debug' : 'warn', `evicted (${reason})`, { connection, reason, error });
    this.#announce('evict', connection.resource, reason, error);
  }

  #close({ resource, watch }: Pick<Arrival<T>, 'resource' | 'watch'>): Promise<void> {
    this.#counter.destroyed += 1;
    return this.#closer.close(resource, watch);
  }

  #tellDestroyFailed(error: unknown): void {
    this.#log('warn', 'destroy failed', { error });
    this.emit('factoryDestroyError', error);
  }

  /** Closes idle connections whose time has come, and tells when to look again. */
  #retire(): number {
    // A timer may come up to a millisecond early by this clock: what is due in the next is due.
    const now = clockMillis() + 1;
    let next = Number.POSITIVE_INFINITY;
    let closed = 0;
    for (const connection of this.#connections) {
      if (connection.place !== 'idle') continue;
      const { movedAt, expiresAt } = connection;
      const stock = { total: this.#connections.size, idle: this.available };
      if (expiresAt <= now) {
        this.#evict(connection, 'max-lifetime');
      } else if (!this.#idleness.isOver(movedAt, now, stock)) {
        next = Math.min(next, expiresAt, this.#idleness.nextLook(movedAt, now));
      } else if (closed < this.#idleness.mostPerLook) {
        this.#evict(connection, 'idle');
        closed += 1;
      } else {
        next = Math.min(next, expiresAt, this.#idleness.lookAgain(now));
      }
    }
    return next;
  }

  /** When an idle connection may have to go. */
  #retirementOf({ movedAt, expiresAt }: Connection<T>): number {
    return Math.min(expiresAt, this.#idleness.firstLook(movedAt));
  }

  #shut(): void {
    if (this.#phase !== 'closed') publishClosed(this);
    this.#phase = 'closed';
    this.#connector.close();
    this.#housekeeper.stop();
    this.#sweeper.stop();
    this.#conditions.notice();
  }

  // State

  /** Tells by an event, and by diagnostics_channel. */
  #announce<E extends PublishedEvent>(event: E, ...args: PoolEvents<T>[E]): void {
    publish(this, event, args);
    this.emit(event, ...args);
  }

  /** Written out, as is `#tellReturn`: for each loan `#announce` is too slow. */
  #tellLoan(resource: T, note: Note | undefined): void {
    const waitingSince = note?.since;
    if (channels.acquire.hasSubscribers) publish(this, 'acquire', [resource, waitingSince]);
    if (this.heard.acquire) this.emit('acquire', resource, waitingSince);
  }

  #tellReturn(resource: T, error: unknown): void {
    if (channels.release.hasSubscribers) publish(this, 'release', [resource, error]);
    if (this.heard.release) this.emit('release', resource, error);
  }

  #move(connection: Connection<T>, place: Place): void {
    if (connection.place === 'arriving') this.#arriving -= 1;
    connection.place = place;
    connection.movedAt = this.#now;
  }

  #readClock(): number {
    this.#now = clockMillis();
    return this.#now;
  }

  #state(): PoolState {
    const { size, available, borrowed, pending } = this;
    return { size, idle: available, lent: borrowed, waiting: pending, connecting: this.#connector.connecting };
  }
}

/** A twentieth of the shortest time that an idle connection is measured by, from 1 ms to the sweep's own time. */
function tickOf({ idleTimeoutMillis, softIdleTimeoutMillis, maxLifetimeMillis }: ResolvedOptions): number {
  const times = [idleTimeoutMillis, softIdleTimeoutMillis, maxLifetimeMillis].filter((millis) => millis > 0);
  return Math.max(1, Math.min(SWEEP_MILLIS, ...times.map((millis) => millis / 20)));
}

/** It is not to be lent again. The first reason stays, unless that was routine and this is worse. */
function condemn(connection: Connection<unknown>, reason: EvictReason, error?: unknown): void {
  const { failure } = connection;
  if (!failure || (isRoutine(failure.reason) && !isRoutine(reason))) connection.failure = { reason, error };
}

/** Whether it is the pool's to dispose of, and at rest. */
function isUnlent({ place }: Connection<unknown>): boolean {
  return place === 'idle' || place === 'quarantined';
}

function stackHere(): string | undefined {
  return new Error('acquired here').stack;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** What `ask` answers, or `otherwise` if it throws. */
function attemptOr<R>(otherwise: R, ask: () => R): R {
  try {
    return ask();
  } catch {
    return otherwise;
  }
}
