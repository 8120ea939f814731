import { expect, it } from 'vitest';
import { inTurn } from './in-turn.js';

it('gives one after the other, and begins again', () => {
  const next = inTurn(['a', 'b', 'c']);
  expect([next(), next(), next(), next(), next()]).toEqual(['a', 'b', 'c', 'a', 'b']);
});
