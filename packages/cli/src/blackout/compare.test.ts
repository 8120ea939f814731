import { expect, it } from 'vitest';
import { checkAbsent } from './compare.js';

const ABSENT = [{ driver: 'redis', missing: 'the command redis-server is missing' }] as const;

it('leaves out what is not to be had', () => {
  expect(() => checkAbsent(ABSENT, 10, {})).not.toThrow();
});

it('leaves out nothing in CI', () => {
  expect(() => checkAbsent(ABSENT, 10, { CI: 'true' })).toThrow(
    'with CI=true nothing is left out: redis: the command redis-server is missing',
  );
  expect(() => checkAbsent([], 11, { CI: 'true' })).not.toThrow();
});

it('does not compare nothing', () => {
  expect(() => checkAbsent(ABSENT, 0, {})).toThrow(
    'nothing can be compared: redis: the command redis-server is missing',
  );
});
