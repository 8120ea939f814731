import { describe, expect, it } from 'vitest';
import { inWords } from './duration.js';

describe('a duration in words', () => {
  it.each([
    [0, '0 ms'],
    [400, '400 ms'],
    [1000, '1 s'],
    [10_400, '10.4 s'],
    [59_990, '59.9 s'],
    [60_000, '1 min'],
    [924_600, '15 min 24 s'],
    [3_600_000, '1 h'],
    [7_875_000, '2 h 11 min'],
  ])('of %i ms is %s', (millis, words) => {
    expect(inWords(millis)).toBe(words);
  });
});
