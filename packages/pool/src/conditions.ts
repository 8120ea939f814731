/** Lets callers wait for a state. Costs nothing while nobody waits. */
export class Conditions {
  readonly #looks = new Set<() => void>();

  /** The state has changed: who waits looks again. */
  notice(): void {
    if (this.#looks.size === 0) return;
    for (const look of this.#looks) look();
  }

  /** Resolves once `condition` holds; rejects with what `late` makes when time is up first (0: it never is). */
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
      const timer = timeoutMillis > 0 ? setTimeout(() => finish(() => reject(late?.())), timeoutMillis) : undefined;
      this.#looks.add(look);
    });
  }
}
