import { MAX_DELAY_MILLIS } from '@lifeguard/tcp/settings';
import { clockMillis } from './clock.js';

/** Does what is due at a time, with one timer however many things there are. Never keeps the process alive. */
export class Housekeeper {
  readonly #work: () => number;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer goes off; `Infinity` while there is none. */
  #due = Number.POSITIVE_INFINITY;
  /** What the timer was set by. A test may replace the clock, or put it back, and the timer of the other never goes off. */
  #setTimeout = setTimeout;
  #isStopped = false;

  /** @param work does what is due, and returns when (as `clockMillis()`) it is next to be called, `Infinity` if never */
  constructor(work: () => number) {
    this.#work = work;
  }

  /** Sees to it that the work is done at `time` or before. */
  expect(time: number): void {
    if (time < this.#due || this.#setTimeout !== setTimeout) this.#wakeAt(time);
  }

  #wakeAt(time: number): void {
    if (this.#isStopped) return;
    if (this.#setTimeout === setTimeout) clearTimeout(this.#timer);
    this.#due = time;
    this.#setTimeout = setTimeout;
    this.#timer = setTimeout(() => this.#run(), Math.min(Math.max(0, time - clockMillis()), MAX_DELAY_MILLIS));
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isStopped = true;
  }

  #run(): void {
    this.#due = Number.POSITIVE_INFINITY;
    this.expect(this.#work());
  }
}
