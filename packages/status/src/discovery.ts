import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { PoolMessage } from '@lifeguard/pool';

const ACQUIRE = 'lifeguard:pool:acquire';

/** How many loans are listened to each time: they cost some ten microseconds together. */
const LOANS = 16;

/**
 * Finds pools that were made before anybody looked, and have neither opened nor closed a connection since: by a few of the
 * loans of each second. To listen to all would cost a pool more than it does itself for a loan.
 */
export class Discovery {
  readonly #find: (pool: object) => void;
  #left = 0;

  constructor(find: (pool: object) => void) {
    this.#find = find;
    this.goOn();
  }

  /** Listens to the next few loans. */
  goOn(): void {
    if (this.#left === 0) subscribe(ACQUIRE, this.#hear);
    this.#left = LOANS;
  }

  stop(): void {
    if (this.#left > 0) unsubscribe(ACQUIRE, this.#hear);
    this.#left = 0;
  }

  readonly #hear = (message: unknown) => {
    this.#left -= 1;
    if (this.#left === 0) unsubscribe(ACQUIRE, this.#hear);
    this.#find((message as PoolMessage).pool);
  };
}
