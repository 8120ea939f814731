import { NotConnectedError } from './errors.js';

interface Kept {
  /** By `performance.now()`. */
  readonly until: number;
  send(): void;
  fail(error: Error): void;
}

/** Commands that wait for a connection, in their order, each for as long as a limit. */
export class KeptCommands {
  readonly #limitMillis: number;
  #kept: Kept[] = [];
  /** For the first of them. */
  #timer: NodeJS.Timeout | undefined;
  #lastError: unknown;

  constructor(limitMillis: number) {
    this.#limitMillis = limitMillis;
  }

  /** Takes note of why there is no connection. */
  note(error: unknown): void {
    this.#lastError = error;
  }

  /**
   * @param send hands the command to the driver
   * @returns what the driver then returns
   * @throws {NotConnectedError} (rejects) at the limit; it is not sent then
   */
  keep(send: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const until = performance.now() + this.#limitMillis;
      // What can't even be handed over fails alone.
      this.#kept.push({ until, send: () => resolve(new Promise((settle) => settle(send()))), fail: reject });
      this.#timer ??= setTimeout(() => this.#tell(), this.#limitMillis);
    });
  }

  /** Hands over all of them. */
  send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { send } of this.#kept.splice(0)) send();
  }

  #tell(): void {
    const now = performance.now();
    const next = this.#kept.findIndex(({ until }) => until > now);
    const overdue = this.#kept.splice(0, next < 0 ? this.#kept.length : next);
    const [first] = this.#kept;
    this.#timer = first && setTimeout(() => this.#tell(), first.until - now);
    for (const { fail } of overdue) fail(new NotConnectedError(this.#limitMillis, this.#lastError));
  }
}
