import type { Trouble } from './backoff.js';
import type { EvictReason } from './classify.js';
import type { ConnectionReport, PoolStats } from './stats.js';

/** What the model needs to know of a pool. 0 milliseconds: off. */
export interface ModelOptions {
  readonly min: number;
  readonly max: number;
  readonly fifo: boolean;
  readonly priorityRange: number;
  readonly maxConnecting: number;
  readonly maxWaitingClients: number;
  readonly maxUses: number;
  readonly connectTimeoutMillis: number;
  readonly maxLifetimeMillis: number;
  /** Only with `min` 0. What the idle timeout leaves alone is tested in `idleness.test.ts`. */
  readonly idleTimeoutMillis: number;
}

/** Ways in which a connect fails: what the factory says of its error, and whose fault it is. */
export type ConnectFailure = 'refused' | 'declined' | 'permanent' | 'hook';

/** Ways in which a connection dies. */
export type Death = Extract<EvictReason, 'reset' | 'timed-out' | 'fatal-error' | 'peer-closed' | 'socket-closed'>;

interface Opened {
  readonly id: number;
  readonly diesAt: number;
  place: 'arriving' | 'idle' | 'lent';
  since: number;
  uses: number;
  /** Why it is not to be lent again. */
  condemned: EvictReason | undefined;
}

interface Waiter {
  readonly borrower: number;
  readonly priority: number;
  readonly deadline: number;
}

interface Connect {
  readonly id: number;
  readonly generation: number;
  readonly deadline: number;
}

interface Ending {
  readonly index: number;
  readonly kind: 'drain' | 'close';
  readonly deadline: number;
}

/** All that can be seen of a pool. */
export interface Report {
  readonly size: number;
  readonly available: number;
  readonly borrowed: number;
  readonly pending: number;
  readonly spareResourceCapacity: number;
  /** By age. */
  readonly connections: readonly Pick<ConnectionReport, 'place' | 'uses'>[];
  readonly stats: PoolStats;
  /** How many connects have been begun. */
  readonly connects: number;
  /** What the factory has made and was not told to destroy. */
  readonly alive: readonly number[];
  /** What came of each `acquire`, of each `release` and `destroy`, of each `drain` and `close`. */
  readonly borrowers: readonly string[];
  readonly returned: readonly string[];
  readonly ended: readonly string[];
  /** How often an error was told of that no caller was told of. */
  readonly errors: number;
}

/** While connections are lent, another connect beside those under way is not begun sooner. */
const RUSH_MILLIS = 100;
const NEVER = Number.POSITIVE_INFINITY;
const ROUTINE: readonly EvictReason[] = ['idle', 'max-lifetime', 'max-uses', 'destroyed', 'cleared', 'closed'];

/**
 * What a pool promises, in plain numbers and arrays: without promises, timers, events, generic-pool and the network.
 * Things are known by number: connections in the order of their connects, borrowers in the order of their coming.
 *
 * What happens between two `settle` happens at once. Only the factory's answer takes time: it counts from the next
 * `settle` on.
 */
export class Model {
  readonly #options: ModelOptions;
  #now = 0;
  #phase: 'open' | 'draining' | 'closed' = 'open';
  #generation = 0;
  /** In the order in which they will be served. */
  #waiting: Waiter[] = [];
  /** In the order of their return. */
  #idle: Opened[] = [];
  /** All that are open, in the order of their arrival. */
  #open: Opened[] = [];
  #connecting: Connect[] = [];
  /** Connects that the pool has given up. Their answers may come yet. */
  #abandoned: number[] = [];
  /** The factory's answer in this turn. */
  #answer: { readonly id: number; readonly failure: ConnectFailure | undefined } | undefined;
  /** What `close` took from its borrowers. */
  #revoked: number[] = [];
  #endings: Ending[] = [];
  /** Connects that have failed in a row. */
  #failures = 0;
  /** Failures of the same kind in a row, before the last. */
  #streak = 0;
  #lastTrouble: Trouble | undefined;
  #notBefore = 0;

  /** When each connect was begun. */
  readonly #begun: number[] = [];
  /** How many they were when this turn began. */
  #begunBefore = 0;
  /** Whether anything was lent at some moment of this turn. */
  #hasLent = false;
  #errors = 0;
  readonly #borrowers: string[] = [];
  readonly #returned: string[] = [];
  readonly #ended: string[] = [];
  readonly #stats = { created: 0, connectFailures: 0, destroyed: 0, acquired: 0, released: 0, timeouts: 0 };
  readonly #evicted: Partial<Record<EvictReason, number>> = {};

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#connect();
  }

  // What a program does

  acquire(priority: number, timeoutMillis: number): void {
    const borrower = this.#borrowers.length;
    const ready = this.#options.fifo ? this.#idle[0] : this.#idle.at(-1);
    if (this.#phase !== 'open') {
      this.#borrowers.push('ERR_POOL_CLOSED');
    } else if (ready) {
      this.#borrowers.push('');
      this.#idle = this.#idle.filter((each) => each !== ready);
      this.#lend(ready, borrower);
    } else if (this.#isFull()) {
      this.#borrowers.push('ERR_POOL_QUEUE_FULL');
    } else {
      this.#borrowers.push('waits');
      const deadline = timeoutMillis > 0 ? this.#now + timeoutMillis : NEVER;
      this.#queue({ borrower, priority: Math.min(priority, this.#options.priorityRange - 1), deadline });
      this.#connect();
    }
  }

  /** Does nothing to who waits no longer. */
  abort(borrower: number): void {
    this.#leave(borrower, 'aborted');
  }

  release(id: number, error?: 'harmless' | 'reset'): void {
    const connection = this.#lent.find((each) => each.id === id);
    this.#noteReturn(id, connection !== undefined);
    if (!connection) return;
    this.#stats.released += 1;
    if (error) condemn(connection, error === 'reset' ? 'reset' : 'released-with-error');
    this.#offer(connection);
  }

  destroy(id: number): void {
    const connection = [...this.#lent, ...this.#idle].find((each) => each.id === id);
    this.#noteReturn(id, connection !== undefined);
    if (connection) this.#evict(connection, isWorthTelling(connection.condemned) ? connection.condemned : 'destroyed');
  }

  clear(): void {
    this.#generation += 1;
    for (const connection of this.#open) condemn(connection, 'cleared');
    for (const connection of [...this.#idle]) this.#evict(connection, 'cleared');
  }

  drain(timeoutMillis: number): void {
    this.#end('drain', timeoutMillis);
  }

  close(timeoutMillis: number): void {
    this.#end('close', timeoutMillis);
    for (const { borrower } of [...this.#waiting]) this.#leave(borrower, 'ERR_POOL_CLOSED');
  }

  // What the world does

  /** The factory answers. */
  answer(id: number, failure?: ConnectFailure): void {
    this.#answer = { id, failure };
  }

  /** A connection dies under the pool or its borrower. A driver’s own error says nothing of one that is lent. */
  die(id: number, death: Death): void {
    const connection = this.#open.find((each) => each.id === id);
    if (!connection || (connection.place === 'lent' && death === 'fatal-error')) return;
    condemn(connection, death);
    if (connection.place !== 'idle') return;
    if (death !== 'peer-closed' && death !== 'socket-closed') this.#errors += 1;
    this.#evict(connection, death);
  }

  /** Time passes, and what comes due meanwhile is done one after the other. */
  pass(millis: number): void {
    const end = this.#now + millis;
    for (let due = this.#nextDue(); due <= end; due = this.#nextDue()) {
      this.#now = due;
      this.#doWhatIsDue();
    }
    this.#now = end;
    this.#begunBefore = this.#begun.length;
    this.#hasLent = this.lent.length > 0;
  }

  /**
   * The factory's answer comes to the pool, and nothing is under way any more.
   *
   * @param connects how many the pool has begun until now
   */
  settle(connects: number): void {
    this.#endIfQuiet();
    if (this.#answer) this.#hearAnswer(this.#answer.id, this.#answer.failure);
    this.#answer = undefined;
    for (const connection of this.#open.filter(({ place }) => place === 'arriving')) this.#offer(connection);
    this.#endIfQuiet();
    this.#putOff(connects);
    this.#begunBefore = this.#begun.length;
  }

  // What it looks like

  get lent(): number[] {
    return this.#lent.map(({ id }) => id);
  }

  get idle(): number[] {
    return this.#idle.map(({ id }) => id);
  }

  /** Every connect's number. */
  get ever(): number[] {
    return [...this.#begun.keys()];
  }

  /**
   * Connects that can be answered now: not in the turn in which they were begun, and one in a turn. Which of two that
   * arrive at once goes to whom, nobody has promised.
   */
  get answerable(): number[] {
    if (this.#answer) return [];
    const begun = [...this.#connecting.map(({ id }) => id), ...this.#abandoned];
    return begun.filter((id) => id < this.#begunBefore).sort((a, b) => a - b);
  }

  get report(): Report {
    const size = this.#open.length + this.#connecting.length;
    return {
      size,
      available: this.#idle.length,
      borrowed: this.lent.length,
      pending: this.#waiting.length,
      spareResourceCapacity: this.#options.max - size,
      connections: this.#open.map(({ place, uses }) => ({ place, uses })),
      stats: { ...this.#stats, suspected: 0, recovered: 0, evicted: this.#evicted },
      connects: this.#begun.length,
      alive: this.#open.map(({ id }) => id),
      borrowers: this.#borrowers,
      returned: this.#returned,
      ended: this.#ended,
      errors: this.#errors,
    };
  }

  // Lending

  get #lent(): Opened[] {
    return this.#open.filter(({ place }) => place === 'lent');
  }

  #isFull(): boolean {
    const { maxWaitingClients, max } = this.#options;
    // Of those who wait, the ones for whom a connection could be opened at once count as being served.
    return this.#waiting.length >= maxWaitingClients && this.#open.length + this.#waiting.length >= max;
  }

  #queue(waiter: Waiter): void {
    const place = this.#waiting.findIndex((other) => other.priority > waiter.priority);
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, waiter);
  }

  #lend(connection: Opened, borrower: number): void {
    connection.place = 'lent';
    this.#hasLent = true;
    connection.uses += 1;
    if (connection.uses >= this.#options.maxUses) condemn(connection, 'max-uses');
    this.#stats.acquired += 1;
    this.#borrowers[borrower] = `has ${connection.id}`;
  }

  /** To the first who waits, or to the others that are idle. */
  #offer(connection: Opened): void {
    const first = connection.condemned ? undefined : this.#waiting.shift();
    if (connection.condemned) this.#evict(connection, connection.condemned);
    else if (first) this.#lend(connection, first.borrower);
    else this.#shelve(connection);
  }

  #shelve(connection: Opened): void {
    connection.place = 'idle';
    connection.since = this.#now;
    this.#idle.push(connection);
  }

  #leave(borrower: number, outcome: string): void {
    const left = this.#waiting.filter((each) => each.borrower !== borrower);
    if (left.length < this.#waiting.length) this.#borrowers[borrower] = outcome;
    this.#waiting = left;
  }

  #noteReturn(id: number, welcome: boolean): void {
    const revoked = this.#revoked.includes(id);
    this.#revoked = this.#revoked.filter((each) => each !== id);
    this.#returned.push(welcome || revoked ? 'done' : 'ERR_POOL_NOT_BORROWED');
  }

  #evict(connection: Opened, reason: EvictReason): void {
    this.#open = this.#open.filter((each) => each !== connection);
    this.#idle = this.#idle.filter((each) => each !== connection);
    this.#stats.destroyed += 1;
    this.#evicted[reason] = (this.#evicted[reason] ?? 0) + 1;
    // What was lost before it was of any use counts as a connect that failed.
    if (connection.uses === 0 && !ROUTINE.includes(reason) && this.#now >= this.#notBefore) this.#pause('declined');
    this.#connect();
  }

  // Connecting

  /** Opens what is wanted and allowed. */
  #connect(): void {
    const { connectTimeoutMillis } = this.#options;
    if (this.#phase === 'closed' || this.#now < this.#notBefore) return;
    while (!this.#isRush() && this.#connecting.length < this.#wanted) {
      const deadline = this.#now + connectTimeoutMillis;
      this.#connecting.push({ id: this.#begun.length, generation: this.#generation, deadline });
      this.#begun.push(this.#now);
    }
  }

  /** How many connects ought to be under way. */
  get #wanted(): number {
    const { min, max, maxConnecting } = this.#options;
    const arriving = this.#open.filter(({ place }) => place === 'arriving').length;
    const missing = this.#phase === 'open' ? min - this.#open.length : 0;
    const wanted = Math.max(this.#waiting.length - arriving, missing);
    return Math.min(wanted, max - this.#open.length, this.#failures > 0 ? 1 : maxConnecting);
  }

  /** What is lent may come back before another connect would be answered. */
  #isRush(): boolean {
    return this.#connecting.length > 0 && this.lent.length > 0 && this.#now < this.#rushEndsAt;
  }

  get #rushEndsAt(): number {
    return (this.#begun.at(-1) ?? -RUSH_MILLIS) + RUSH_MILLIS;
  }

  /**
   * The pool looks at demand more than once in a turn. What it has not begun it need not have, if it does without now; if
   * it may wait, for something was lent at one of these looks and there is a connect under way; or if it pauses now, or
   * has been closed.
   */
  #putOff(connects: number): void {
    while (this.#begun.length > Math.max(connects, this.#begunBefore) && this.#canPutOff()) {
      this.#begun.pop();
      this.#connecting = this.#connecting.filter(({ id }) => id < this.#begun.length);
      this.#abandoned = this.#abandoned.filter((id) => id < this.#begun.length);
    }
    this.#hasLent = this.lent.length > 0;
  }

  #canPutOff(): boolean {
    const others = this.#connecting.length - 1;
    const mayWait = this.#hasLent && others > 0;
    return this.#phase === 'closed' || this.#now < this.#notBefore || mayWait || others >= this.#wanted;
  }

  #hearAnswer(id: number, failure: ConnectFailure | undefined): void {
    const connect = this.#connecting.find((each) => each.id === id);
    this.#connecting = this.#connecting.filter((each) => each.id !== id);
    this.#abandoned = this.#abandoned.filter((each) => each !== id);
    // Nobody waits for it any more: what it brings is closed.
    if (!connect && !failure) this.#stats.destroyed += 1;
    if (!connect) return;
    if (failure) this.#fail(failure);
    else this.#arrive(connect);
    this.#connect();
  }

  #arrive({ id, generation }: Connect): void {
    this.#failures = 0;
    this.#lastTrouble = undefined;
    this.#notBefore = 0;
    this.#stats.created += 1;
    const { maxLifetimeMillis } = this.#options;
    const diesAt = maxLifetimeMillis > 0 ? this.#now + maxLifetimeMillis : NEVER;
    const condemned = generation === this.#generation ? undefined : 'cleared';
    this.#open.push({ id, diesAt, place: 'arriving', since: this.#now, uses: 0, condemned });
  }

  #fail(failure: ConnectFailure): void {
    const [first] = this.#waiting;
    this.#stats.connectFailures += 1;
    if (!first) this.#errors += 1;
    if (failure === 'permanent') for (const { borrower } of [...this.#waiting]) this.#leave(borrower, 'permanent');
    if (failure === 'hook' && first) this.#leave(first.borrower, 'hook');
    else this.#pause(failure === 'refused' ? 'no-server' : 'declined');
  }

  #pause(trouble: Trouble): void {
    this.#streak = trouble === this.#lastTrouble ? this.#streak + 1 : 0;
    this.#lastTrouble = trouble;
    this.#failures += 1;
    const millis = Math.min(100 * 2 ** this.#streak, trouble === 'no-server' ? 500 : 5000);
    this.#notBefore = Math.max(this.#notBefore, this.#now + millis);
  }

  // Ending

  #end(kind: Ending['kind'], timeoutMillis: number): void {
    if (this.#phase === 'open') this.#phase = 'draining';
    this.#endings.push({ index: this.#ended.length, kind, deadline: this.#now + timeoutMillis });
    this.#ended.push('waits');
  }

  #endIfQuiet(): void {
    if (this.#waiting.length > 0 || this.lent.length > 0) return;
    for (const ending of this.#endings.splice(0)) this.#shut(ending);
  }

  #shut({ index, kind }: Ending): void {
    this.#phase = 'closed';
    this.#abandoned.push(...this.#connecting.splice(0).map(({ id }) => id));
    this.#ended[index] = 'done';
    if (kind !== 'close') return;
    this.#revoked.push(...this.lent);
    for (const connection of this.#open) this.#evict(connection, 'closed');
  }

  #endLate(ending: Ending): void {
    this.#endings = this.#endings.filter((each) => each !== ending);
    if (ending.kind === 'close') this.#shut(ending);
    else this.#ended[ending.index] = 'ERR_POOL_DRAIN_TIMEOUT';
  }

  // Time

  #nextDue(): number {
    const dues = [
      this.#notBefore,
      this.#rushEndsAt,
      ...this.#waiting.map(({ deadline }) => deadline),
      ...this.#connecting.map(({ deadline }) => deadline),
      ...this.#endings.map(({ deadline }) => deadline),
      ...this.#lent.map(({ diesAt }) => diesAt),
      ...this.#idle.map((each) => this.#retiresAt(each)),
    ];
    return Math.min(...dues.filter((due) => due > this.#now));
  }

  #retiresAt({ since, diesAt }: Opened): number {
    const { idleTimeoutMillis } = this.#options;
    if (this.#phase === 'closed') return NEVER;
    return Math.min(diesAt, idleTimeoutMillis > 0 ? since + idleTimeoutMillis : NEVER);
  }

  #doWhatIsDue(): void {
    const isDue = ({ deadline }: { deadline: number }) => deadline <= this.#now;
    for (const { id } of this.#connecting.filter(isDue)) {
      this.#connecting = this.#connecting.filter((each) => each.id !== id);
      this.#abandoned.push(id);
      this.#fail('refused');
      this.#connect();
    }
    for (const { borrower } of this.#waiting.filter(isDue)) {
      this.#stats.timeouts += 1;
      this.#leave(borrower, 'ERR_POOL_ACQUIRE_TIMEOUT');
    }
    for (const ending of this.#endings.filter(isDue)) this.#endLate(ending);
    for (const each of this.#lent) if (each.diesAt <= this.#now) condemn(each, 'max-lifetime');
    for (const connection of this.#idle.filter((each) => this.#retiresAt(each) <= this.#now)) {
      this.#evict(connection, connection.diesAt <= this.#now ? 'max-lifetime' : 'idle');
    }
    if (this.#now === this.#notBefore || this.#now === this.#rushEndsAt) this.#connect();
    this.#endIfQuiet();
  }
}

function isWorthTelling(reason: EvictReason | undefined): reason is EvictReason {
  return reason !== undefined && !ROUTINE.includes(reason);
}

/** The first reason stays, unless that is an everyday one and this is not. */
function condemn(connection: Opened, reason: EvictReason): void {
  const { condemned } = connection;
  if (!condemned || (ROUTINE.includes(condemned) && !ROUTINE.includes(reason))) connection.condemned = reason;
}
