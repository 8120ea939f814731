import { expect, test } from 'vitest';
import { type Mutation, mutate } from './mutation.js';

const mutation: Mutation = { rule: 1, promise: 'it is done', file: 'a.ts', remove: 'do();', tests: [] };

test('the code is taken away, or another put in its place', () => {
  expect(mutate('before; do(); after;', mutation)).toBe('before;  after;');
  expect(mutate('before; do(); after;', { ...mutation, put: '$&;' })).toBe('before; $&; after;');
});

test.each(['', 'do(); do();'])('code that does not stand there exactly once is an error: %j', (text) => {
  expect(() => mutate(text, mutation)).toThrow(RangeError);
});
