import { expect, test } from 'vitest';
import { resolveOptions } from './options.js';

test('a bad LIFEGUARD_ENABLED is told with the others, before any connection is made', () => {
  const resolve = () => resolveOptions({ max: 0 }, { LIFEGUARD_ENABLED: 'maybe' });
  expect(resolve).toThrow(/^invalid configuration: max=0 .*LIFEGUARD_ENABLED=maybe \(allowed: on or off\)$/);
});

test('more priorities than anybody could serve in order are refused by name', () => {
  expect(() => resolveOptions({ priorityRange: 1e9 })).toThrow(
    'priorityRange=1000000000 (allowed: a whole number from 1',
  );
});
