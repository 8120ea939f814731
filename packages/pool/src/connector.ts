import { Backoff } from './backoff.js';
import { connectFailure } from './classify.js';
import { ConnectUnansweredError } from './errors.js';

/** One connect under way, as far as the connector has to know. */
export interface Attempt<C> {
  /** Settles when the connect has: it never stays pending. */
  readonly result: Promise<C>;
  /** Whether it has opened a TCP socket, and whether the peer's kernel has answered on one. */
  readonly progress: 'no-socket' | 'unanswered' | 'answered';
  /** Ends it now: `result` rejects. */
  abort(): void;
}

/** What follows from a connect that failed: a pause, or none because it says nothing of the server. */
export type Consequence = 'back-off' | 'go-on';

/** What speaks for opening connections at this moment, and what against it. */
export interface Demand {
  /** Callers who wait. */
  readonly waiting: number;
  /** How many there are too few of for the minimum. */
  readonly missing: number;
  /** Connections that are lent, and may come back to those who wait. */
  readonly lent: number;
}

export interface ConnectorOptions<C> {
  readonly maxConnecting: number;
  /** Starts one connect. */
  readonly start: () => Attempt<C>;
  readonly demand: () => Demand;
  /** Told of each failed connect, before the next is started. */
  readonly failed: (error: unknown) => Consequence;
  /** Given a connection for which there is no place any more. */
  readonly surplus: (connection: C) => void;
}

/** A connect without an answer of the peer's kernel for this long may have lost its SYN: another is started beside it. */
const SILENT_MILLIS = 500;
/** The same once TCP is established: the server may be slow. From here on a connect no longer counts as under way. */
const STALLED_MILLIS = 1000;

/**
 * While connections are lent, another connect beside those under way is not started sooner: in that time so many
 * connections come back that most who wait in a rush are served without it.
 */
const RUSH_MILLIS = 100;

/** A timer that comes so late means that the event loop was held up. */
const STALL_MILLIS = 50;

interface Running<C> {
  readonly attempt: Attempt<C>;
  readonly startedAt: number;
  silenceNoted: boolean;
}

/** A place in the inventory, to be filled with a connection, or with nothing when none is wanted any more. */
type Slot<C> = (connection: C | undefined) => void;

/**
 * Opens connections for the inventory: at most `maxConnecting` at a time, with one backoff for the pool, and never in
 * haste. Demand is looked at again before each connect.
 *
 * A slot is never rejected, for generic-pool answers a rejected `create` with the next `create`, at once and without end:
 * it is filled, or given back empty.
 *
 * A connect that the network has swallowed is not waited for: its SYN is sent again by the kernel ever more rarely, so
 * that it would miss the network's return by seconds. New ones are started beside it, and the first that succeeds wins.
 */
export class Connector<C> {
  readonly #options: ConnectorOptions<C>;
  readonly #backoff: Backoff;
  readonly #slots: Slot<C>[] = [];
  readonly #running = new Set<Running<C>>();
  /** No connect is started before. */
  #notBefore = 0;
  #lastStart = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer goes off, as `performance.now()`. */
  #wakesAt: number | undefined;
  #lastError: unknown;
  #closed = false;

  constructor(options: ConnectorOptions<C>, backoff = new Backoff()) {
    this.#options = options;
    this.#backoff = backoff;
  }

  /** Connects under way for which there is a place. */
  get connecting(): number {
    return Math.min(this.#running.size, this.#slots.length);
  }

  /** Connects that have failed in a row. */
  get failures(): number {
    return this.#backoff.failures;
  }

  /** The error of the last connect, if connects have been failing since the last success. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Whether no connect is under way and none is wanted. */
  get #isAtRest(): boolean {
    return this.#slots.length === 0 && this.#running.size === 0;
  }

  /** Takes on a slot. Resolves with a connection or, if none is wanted any more, with `undefined`. */
  fill(): Promise<C | undefined> {
    return new Promise((resolve) => {
      this.#slots.push(resolve);
      this.pump();
    });
  }

  /** Looks at demand and time again, and starts or gives up what follows from them. To be called when demand changes. */
  pump(): void {
    if (this.#isAtRest) {
      this.#sleep();
      return;
    }
    const now = performance.now();
    while (this.#mayStart(now)) this.#start(now);
    this.#giveBackUnwanted();
    this.#wakeLater(now);
  }

  /** Connections were lost before anybody could use them, which counts as a connect that failed: one, however many. */
  blame(error: unknown): void {
    if (performance.now() < this.#notBefore) return;
    this.#lastError = error;
    this.#pause(this.#backoff.fail('declined'));
  }

  /** Ends all connects and gives back all slots. */
  close(): void {
    this.#closed = true;
    for (const { attempt } of this.#running) attempt.abort();
    this.pump();
  }

  #mayStart(now: number): boolean {
    if (this.#closed || now < this.#notBefore || this.#isRush(now)) return false;
    let counting = 0;
    let promising = 0;
    for (const running of this.#running) {
      if (!isStalled(running, now)) counting += 1;
      if (!isSilent(running, now)) promising += 1;
    }
    // While connects fail, one at a time.
    const wanted = Math.min(
      this.#wanted(),
      this.#slots.length,
      this.#backoff.failures > 0 ? 1 : Number.POSITIVE_INFINITY,
    );
    return counting < this.#options.maxConnecting && promising < wanted;
  }

  #isRush(now: number): boolean {
    return this.#running.size > 0 && now < this.#lastStart + RUSH_MILLIS && this.#options.demand().lent > 0;
  }

  #wanted(): number {
    const { waiting, missing } = this.#options.demand();
    return Math.max(waiting, missing);
  }

  #start(now: number): void {
    const running: Running<C> = { attempt: this.#options.start(), startedAt: now, silenceNoted: false };
    this.#running.add(running);
    this.#lastStart = now;
    running.attempt.result.then(
      (connection) => this.#succeed(running, connection),
      (error: unknown) => this.#fail(running, error),
    );
  }

  #succeed(running: Running<C>, connection: C): void {
    this.#running.delete(running);
    this.#backoff.succeed();
    this.#lastError = undefined;
    this.#notBefore = 0;
    const slot = this.#slots.shift();
    if (slot) slot(connection);
    else this.#options.surplus(connection);
    this.pump();
  }

  #fail(running: Running<C>, error: unknown): void {
    this.#running.delete(running);
    if (!this.#closed) this.#noteFailure(running, error);
    this.pump();
  }

  #noteFailure(running: Running<C>, error: unknown): void {
    this.#lastError = error;
    if (this.#options.failed(error) === 'go-on' || running.silenceNoted) return;
    this.#pause(this.#backoff.fail(connectFailure(error)));
  }

  #pause(millis: number): void {
    this.#notBefore = Math.max(this.#notBefore, performance.now() + millis);
  }

  /** Silence is a failure that has not been told yet: it sets the pace, and the connect goes on. */
  #noteSilence(running: Running<C>, now: number): void {
    if (running.silenceNoted || !isSilent(running, now)) return;
    running.silenceNoted = true;
    this.#lastError ??= new ConnectUnansweredError(now - running.startedAt);
    this.#notBefore = Math.max(this.#notBefore, this.#lastStart + this.#backoff.fail('no-server'));
  }

  #giveBackUnwanted(): void {
    const wanted = this.#closed ? 0 : Math.max(this.#wanted(), this.#running.size);
    while (this.#slots.length > wanted) this.#slots.pop()?.(undefined);
  }

  #wakeLater(now: number): void {
    const times = [this.#notBefore, this.#lastStart + RUSH_MILLIS];
    for (const { startedAt } of this.#running) times.push(startedAt + SILENT_MILLIS, startedAt + STALLED_MILLIS);
    const next = Math.min(...times.filter((time) => time > now));
    if (this.#slots.length > 0 && Number.isFinite(next)) this.#wakeAt(next, now);
    else this.#sleep();
  }

  #wakeAt(time: number, now: number): void {
    if (time !== this.#wakesAt) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#wake(), Math.ceil(time - now));
      this.#wakesAt = time;
    }
    // A minimum to be kept must not keep a process alive; whoever waits does.
    if (this.#options.demand().waiting === 0) this.#timer?.unref();
    else this.#timer?.ref();
  }

  #wake(): void {
    const lateBy = performance.now() - (this.#wakesAt ?? 0);
    this.#sleep();
    // An event loop that was held up may not have read answers that are here already.
    if (lateBy > STALL_MILLIS) setImmediate(() => this.#look());
    else this.#look();
  }

  #look(): void {
    const now = performance.now();
    for (const running of this.#running) this.#noteSilence(running, now);
    this.pump();
  }

  /** A timer left behind after the last connect would keep the process alive. */
  #sleep(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakesAt = undefined;
  }
}

function isSilent({ attempt, startedAt }: Running<unknown>, now: number): boolean {
  if (attempt.progress === 'no-socket') return false;
  return now - startedAt >= (attempt.progress === 'answered' ? STALLED_MILLIS : SILENT_MILLIS);
}

function isStalled({ attempt, startedAt }: Running<unknown>, now: number): boolean {
  return attempt.progress !== 'no-socket' && now - startedAt >= STALLED_MILLIS;
}
