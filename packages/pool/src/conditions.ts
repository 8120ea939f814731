import { MAX_DELAY_MILLIS } from '@lifeguard/tcp/settings';

/** Lets callers wait for a state. Costs nothing while nobody waits. */
export class Conditions {
  readonly #looks = new Set<() => void>();

  /** The state has changed: who waits looks again. */
  notice(): void {
    if (this.#looks.size === 0) return;
    for (const look of this.#looks) look();
  }

  /**
   * Resolves once `condition` holds; rejects with what `late` makes when time is up first. It never is if that is 0, or longer
   * than a timer can count.
   */
  until(condition: () => boolean, timeoutMillis = 0, late?: () => Error): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = () => {
        if (condition()) finish(resolve);
      };
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#looks.delete(look);
        settle();
      };
      const isEndless = timeoutMillis === 0 || timeoutMillis > MAX_DELAY_MILLIS;
      const timer = isEndless
        ? undefined
        : setTimeout(() => finish(() => reject(late?.())), Math.max(1, timeoutMillis));
      this.#looks.add(look);
    });
  }
}
