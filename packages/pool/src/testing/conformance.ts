import { type Check, checksFor } from './checks.js';
import type { Subject } from './subject.js';

/** The functions of a test runner: those of vitest, Jest, Mocha (`it` as `test`) or `node:test`. */
export interface TestRunner {
  /** Names a group of tests. */
  describe(name: string, body: () => void): unknown;
  /** Declares a test. It fails if the promise is rejected. */
  test(name: string, body: () => Promise<void>): unknown;
}

/** Some promises are broken. `errors` has one error for each. */
export class ConformanceError extends AggregateError {
  override readonly name = 'ConformanceError';
  /** The names of the checks that failed, in the order of `errors`. */
  readonly failed: readonly string[];

  constructor(failures: readonly { readonly name: string; readonly error: unknown }[]) {
    const lines = failures.map(({ name, error }) => `- ${name}: ${error instanceof Error ? error.message : error}`);
    super(
      failures.map(({ error }) => error),
      `the factory does not conform:\n${lines.join('\n')}`,
    );
    this.failed = failures.map(({ name }) => name);
  }
}

/** Makes a test of each check, with the functions of a test runner: `conformance(subject, { describe, test })`. */
export function conformance<T>(subject: Subject<T>, { describe, test }: TestRunner): void {
  describe('conformance', () => {
    for (const { name, run } of checksFor(subject)) test(name, run);
  });
}

/**
 * Runs all checks one after the other, without a test runner.
 *
 * @throws {ConformanceError} (rejects) if one fails, after all have been run
 */
export async function checkConformance<T>(subject: Subject<T>): Promise<void> {
  const failures: { name: string; error: unknown }[] = [];
  for (const check of checksFor(subject)) await run(check, failures);
  if (failures.length > 0) throw new ConformanceError(failures);
}

async function run({ name, run }: Check, failures: { name: string; error: unknown }[]): Promise<void> {
  try {
    await run();
  } catch (error) {
    failures.push({ name, error });
  }
}
