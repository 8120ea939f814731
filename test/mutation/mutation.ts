import type { Rule } from './rules.js';

/** One piece of code taken away, and the tests that must miss it. */
export interface Mutation {
  readonly rule: Rule;
  /** What the code is there for: what is not so any more without it. */
  readonly promise: string;
  readonly file: string;
  /** The code, as it stands in the file: once. */
  readonly remove: string;
  /** What takes its place; nothing, if left out. */
  readonly put?: string;
  /** The unit tests to run: files. */
  readonly tests: readonly string[];
  /** Why it may survive: no test can see it, or none is worth its price. */
  readonly accepted?: string;
}

/**
 * A file's text without the code.
 *
 * @throws {RangeError} if the code does not stand there, or more than once
 */
export function mutate(text: string, { promise, file, remove, put = '' }: Mutation): string {
  const pieces = text.split(remove);
  if (pieces.length !== 2)
    throw new RangeError(`${file} has ${pieces.length - 1} times what "${promise}" is to remove`);
  return pieces.join(put);
}
