/** What every error of Lifeguard extends. `code` is stable and meant for programs; the message is meant for people. */
export class LifeguardError extends Error {
  override readonly name: string = 'LifeguardError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** One value that can't be used. */
export interface ConfigProblem {
  /** The environment variable or the option, as its user wrote it: `LIFEGUARD_POOL_MAX`, `tcp.userTimeoutMillis`. */
  readonly name: string;
  /** The value as given, printable. */
  readonly value: string;
  /** What is allowed, in words. */
  readonly allowed: string;
}

/** Thrown before anything is connected. Names every value that can't be used, not only the first. */
export class ConfigError extends LifeguardError {
  override readonly name: string = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ name, value, allowed }) => `${name}=${value} (allowed: ${allowed})`);
    super('ERR_CONFIG', `invalid configuration: ${lines.join('; ')}`);
    this.problems = problems;
  }
}
