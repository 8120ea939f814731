import { MAX_DELAY_MILLIS } from '@lifeguard/tcp/settings';

/** Somebody who waits, as far as deadlines go. */
export interface Patient {
  /** How long it waits at most; 0: without end. */
  readonly timeoutMillis: number;
  /** When its time is up, as `performance.now()`; not known until the clock has been looked at. */
  lateAt: number | undefined;
}

export interface DeadlinesOptions<W> {
  /** Everybody who waits now. */
  readonly waiting: Iterable<W>;
  /** Told once of each whose time is up. It must not wait any more afterwards. */
  readonly late: (waiter: W) => void;
}

const LONGEST_LOOK_MILLIS = 20;
/** Looking through all who wait takes at most one in so many milliseconds, however many they are. */
const LEISURE = 20;

/**
 * Tells who has waited for too long. All share a timer, and to begin and to end a wait neither sets it nor reads a clock:
 * that is done once for all who have come meanwhile. So nobody is told too early, and nobody later than by a hundredth of
 * the time, or 20 ms; where so many wait that looking through them takes more than a millisecond, by twenty times that.
 */
export class Deadlines<W extends Patient> {
  readonly #options: DeadlinesOptions<W>;
  /** The shortest wait among those whose deadlines are not known; `Infinity` if all are. The timer goes off soon for it. */
  #soonFor = Number.POSITIVE_INFINITY;
  /** Keeps the process alive while somebody waits. */
  #timer: NodeJS.Timeout | undefined;
  /** When the timer goes off, as `performance.now()`. */
  #wakesAt = Number.POSITIVE_INFINITY;
  #notBefore = 0;
  #resting = false;
  /** What the timer was set by. */
  #setTimeout = setTimeout;

  constructor(options: DeadlinesOptions<W>) {
    this.#options = options;
  }

  /** Somebody begins to wait. */
  begin(timeoutMillis: number): void {
    if (this.#setTimeout !== setTimeout) this.#forgetTimer();
    if (timeoutMillis < this.#soonFor) this.#lookSoon(timeoutMillis);
    if (this.#resting) this.#resume();
  }

  /** Nobody waits for now. */
  rest(): void {
    if (this.#resting || !this.#timer) return;
    this.#resting = true;
    this.#timer.unref();
  }

  #resume(): void {
    this.#resting = false;
    this.#timer?.ref();
  }

  /** A test has replaced the clock, or put it back: a timer of the other may never go off, and its times mean nothing. */
  #forgetTimer(): void {
    this.#setTimeout = setTimeout;
    this.#timer?.unref();
    this.#timer = undefined;
    this.#wakesAt = this.#soonFor = Number.POSITIVE_INFINITY;
    this.#notBefore = 0;
  }

  #lookSoon(timeoutMillis: number): void {
    this.#soonFor = timeoutMillis;
    const now = performance.now();
    this.#wakeAt(Math.min(this.#wakesAt, now + Math.min(timeoutMillis / 100, LONGEST_LOOK_MILLIS)), now);
  }

  #wakeAt(time: number, now: number): void {
    this.#wakesAt = Math.max(time, this.#notBefore);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), Math.min(Math.ceil(this.#wakesAt - now), MAX_DELAY_MILLIS));
    this.#resting = false;
  }

  #wake(): void {
    this.#timer = undefined;
    this.#wakesAt = this.#soonFor = Number.POSITIVE_INFINITY;
    const now = performance.now();
    const { next, late } = this.#look(now);
    this.#notBefore = now + LEISURE * (performance.now() - now);
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next, now);
    for (const waiter of late) this.#options.late(waiter);
  }

  /** Finds who is late, and when the next will be. */
  #look(now: number): { next: number; late: W[] } {
    const late: W[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const waiter of this.#options.waiting) {
      if (waiter.timeoutMillis === 0) continue;
      waiter.lateAt ??= now + waiter.timeoutMillis;
      if (waiter.lateAt <= now) late.push(waiter);
      else if (waiter.lateAt < next) next = waiter.lateAt;
    }
    return { next, late };
  }
}
