import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mutate } from './mutation.js';
import { MUTATIONS } from './mutations.js';
import { RULES } from './rules.js';

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

test('every rule has code that a mutation removes', () => {
  const rules = new Set(MUTATIONS.map(({ rule }) => String(rule)));
  expect(Object.keys(RULES).filter((rule) => !rules.has(rule))).toEqual([]);
});

test.each(MUTATIONS.map((mutation) => [mutation.promise, mutation] as const))(
  'the code stands in its file, once: %s',
  (_, mutation) => {
    const text = read(mutation.file);
    expect(mutate(text, mutation)).not.toBe(text);
  },
);

test('the tests that a mutation runs are there', () => {
  for (const file of new Set(MUTATIONS.flatMap(({ tests }) => tests))) expect(read(file)).toContain('vitest');
});

test('no two mutations have one name', () => {
  expect(new Set(MUTATIONS.map(({ promise }) => promise)).size).toBe(MUTATIONS.length);
});
