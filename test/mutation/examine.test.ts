import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { examine, UnsoundTestsError } from './examine.js';
import type { Mutation } from './mutation.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = 'packages/pool/src/backoff.ts';
const mutation: Mutation = { rule: 5, promise: 'any', file, remove: '', tests: ['packages/pool/src/backoff.test.ts'] };

test('what a test misses, what none misses and what is not there are told apart, and the checkout is left alone', async () => {
  const before = readFileSync(`${root}/${file}`, 'utf8');
  const told: string[] = [];
  const mutations = [
    { ...mutation, remove: 'this.#failures += 1;' },
    { ...mutation, remove: 'A trouble of another kind\n * starts anew' },
    { ...mutation, remove: 'no such code' },
  ];
  const findings = await examine(root, mutations, ({ verdict }) => told.push(verdict));
  expect(findings.map(({ verdict }) => verdict)).toEqual(['killed', 'survived', 'broken']);
  expect(told).toEqual(['killed', 'survived', 'broken']);
  expect(readFileSync(`${root}/${file}`, 'utf8')).toBe(before);
});

test('tests that fail as they are show nothing', async () => {
  const unsound = examine(root, [{ ...mutation, tests: ['packages/no/such.test.ts'] }], () => {});
  await expect(unsound).rejects.toBeInstanceOf(UnsoundTestsError);
});
