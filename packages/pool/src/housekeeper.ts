import { clockMillis } from './clock.js';

/** Does what is due at a time, with one timer however many things there are. Never keeps the process alive. */
export class Housekeeper {
  readonly #work: () => number;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer goes off; `Infinity` while there is none. */
  #due = Number.POSITIVE_INFINITY;

  /** @param work does what is due, and returns when (as `clockMillis()`) it is next to be called, `Infinity` if never */
  constructor(work: () => number) {
    this.#work = work;
  }

  /** Sees to it that the work is done at `time` or before. */
  expect(time: number): void {
    if (time < this.#due) this.#wakeAt(time);
  }

  #wakeAt(time: number): void {
    clearTimeout(this.#timer);
    this.#due = time;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, time - clockMillis()));
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due = Number.NEGATIVE_INFINITY;
  }

  #run(): void {
    this.#due = Number.POSITIVE_INFINITY;
    this.expect(this.#work());
  }
}
