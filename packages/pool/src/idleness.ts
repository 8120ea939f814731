import { clockMillis } from './clock.js';

export interface IdleOptions {
  readonly idleTimeoutMillis: number;
  readonly softIdleTimeoutMillis: number;
  readonly evictionRunIntervalMillis: number;
  readonly numTestsPerEvictionRun: number;
  readonly min: number;
  readonly keepIdle: number;
}

/** How many connections there are. */
export interface Stock {
  readonly total: number;
  readonly idle: number;
}

/**
 * How long connections may lie idle, and when to look. With an eviction interval, looks come only at whole intervals
 * after `startedAt`, and those at which nothing could be due are left out.
 */
export class Idleness {
  /** How many connections one look may close. */
  readonly mostPerLook: number;
  readonly #min: number;
  readonly #keepIdle: number;
  readonly #hardMillis: number;
  readonly #softMillis: number;
  readonly #shorterMillis: number;
  readonly #interval: number;
  readonly #startedAt: number;

  constructor(options: IdleOptions, startedAt = clockMillis()) {
    this.#min = options.min;
    this.#keepIdle = options.keepIdle;
    this.#hardMillis = endlessIfOff(options.idleTimeoutMillis);
    this.#softMillis = endlessIfOff(options.softIdleTimeoutMillis);
    this.#shorterMillis = Math.min(this.#hardMillis, this.#softMillis);
    this.#interval = options.evictionRunIntervalMillis;
    this.#startedAt = startedAt;
    this.mostPerLook = this.#interval > 0 ? options.numTestsPerEvictionRun : Number.POSITIVE_INFINITY;
  }

  /** When what is idle since `since` may be over for the first time; `Infinity` if never. */
  firstLook(since: number): number {
    return this.#lookAt(since + this.#shorterMillis);
  }

  /** The same for what is not over at `now`. */
  nextLook(since: number, now: number): number {
    const hard = this.#lookAt(since + this.#hardMillis);
    const soft = this.#lookAt(since + this.#softMillis);
    return Math.min(hard > now ? hard : Number.POSITIVE_INFINITY, soft > now ? soft : Number.POSITIVE_INFINITY);
  }

  /** The look after the one at `now`, for what that one had to leave. */
  lookAgain(now: number): number {
    return this.#lookAt(now + 1);
  }

  /** Whether what is idle since `since` is to be closed. */
  isOver(since: number, now: number, { total, idle }: Stock): boolean {
    if (total > this.#keepIdle && this.#lookAt(since + this.#hardMillis) <= now) return true;
    return idle > this.#min && this.#lookAt(since + this.#softMillis) <= now;
  }

  #lookAt(time: number): number {
    if (this.#interval === 0) return time;
    return this.#startedAt + Math.ceil((time - this.#startedAt) / this.#interval) * this.#interval;
  }
}

function endlessIfOff(millis: number): number {
  return millis > 0 ? millis : Number.POSITIVE_INFINITY;
}
