import { expect, test } from 'vitest';
import { Backoff } from './backoff.js';

test('the pause after a silent or refusing peer grows from 100 ms to 500 ms', () => {
  const backoff = new Backoff(() => 0);
  expect([1, 2, 3, 4, 5].map(() => backoff.fail('no-server'))).toEqual([100, 200, 400, 500, 500]);
});

test('the pause after a server that declines grows to 5 s', () => {
  const backoff = new Backoff(() => 0);
  expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => backoff.fail('declined'))).toEqual([
    100, 200, 400, 800, 1600, 3200, 5000, 5000,
  ]);
});

test('a success starts over', () => {
  const backoff = new Backoff(() => 0);
  backoff.fail('declined');
  backoff.fail('declined');
  backoff.succeed();
  expect(backoff.failures).toBe(0);
  expect(backoff.fail('declined')).toBe(100);
});

test('a server that was away for long and is starting now is spared as if it had declined for the first time', () => {
  const backoff = new Backoff(() => 0);
  for (let failure = 0; failure < 10; failure += 1) backoff.fail('no-server');
  expect(backoff.fail('declined')).toBe(100);
  expect(backoff.fail('declined')).toBe(200);
  expect(backoff.failures).toBe(12);
});

test('jitter shortens a pause by a fifth at most, and never lengthens it', () => {
  expect(new Backoff(() => 1).fail('no-server')).toBe(80);
  const pauses = Array.from({ length: 100 }, () => new Backoff().fail('no-server'));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(80);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(100);
  expect(new Set(pauses).size).toBeGreaterThan(1);
});
