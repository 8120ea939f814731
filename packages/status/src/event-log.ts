import type { PoolEvent } from './report.js';

/** How many events are kept, of all pools together. */
const CAPACITY = 200;

/** The latest events. */
export class EventLog {
  readonly #events: PoolEvent[] = [];
  #count = 0;

  add(event: Omit<PoolEvent, 'number' | 'at'>): PoolEvent {
    this.#count += 1;
    const numbered = { number: this.#count, at: Date.now(), ...event };
    this.#events.push(numbered);
    if (this.#events.length > CAPACITY) this.#events.shift();
    return numbered;
  }

  /** Oldest first. */
  all(): readonly PoolEvent[] {
    return [...this.#events];
  }
}
