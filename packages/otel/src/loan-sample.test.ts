import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LoanSample } from './loan-sample.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function start() {
  const waited: number[] = [];
  const used: number[] = [];
  const sample = new LoanSample({ waited: (millis) => waited.push(millis), used: (millis) => used.push(millis) });
  return { sample, waited, used };
}

test('up to 500 loans in a second are told of, each', () => {
  const { sample, waited, used } = start();
  for (let loan = 0; loan < 500; loan += 1) {
    sample.lent('connection', performance.now() - loan);
    sample.returned('connection');
  }
  vi.advanceTimersByTime(1000);
  expect(waited).toEqual(Array.from({ length: 500 }, (_, loan) => loan));
  expect(used).toHaveLength(500);
});

test('of more, 500 are told of, and each has had the same chance', () => {
  const { sample, waited, used } = start();
  for (let window = 0; window < 20; window += 1) {
    for (let loan = 0; loan < 10_000; loan += 1) {
      sample.lent(loan % 10, performance.now() - loan);
      sample.returned(loan % 10);
    }
    vi.advanceTimersByTime(1000);
  }
  expect(waited).toHaveLength(20 * 500);
  expect(used).toHaveLength(20 * 500);
  // The mean of 10,000 picks from 0 to 9,999: its deviation is 29.
  const mean = waited.reduce((sum, each) => sum + each) / waited.length;
  expect(Math.abs(mean - 4999.5)).toBeLessThan(6 * 29);
  expect(new Set(waited.map((loan) => loan % 10)).size).toBe(10);
});

test('a loan that another has taken the place of is not told of, even if it ends later', () => {
  const { sample, waited, used } = start();
  for (let loan = 0; loan < 500; loan += 1) sample.lent(loan, performance.now() - loan);
  vi.spyOn(Math, 'random').mockReturnValueOnce(0);
  sample.lent(500, performance.now() - 500);
  sample.tell();
  expect(waited).toEqual([500, ...Array.from({ length: 499 }, (_, loan) => loan + 1)]);
  sample.returned(0);
  expect(used).toHaveLength(0);
  sample.returned(500);
  expect(used).toHaveLength(1);
});

test('a loan that outlasts its second is told of when it ends, with its whole time', () => {
  const { sample, waited, used } = start();
  sample.lent('one', performance.now() - 3);
  vi.advanceTimersByTime(2500);
  expect(waited).toEqual([3]);
  expect(used).toEqual([]);
  sample.returned('one');
  expect(used).toEqual([2500]);
  sample.returned('one');
  expect(used).toEqual([2500]);
});

test('whoever collects need not wait for the end of the second', () => {
  const { sample, waited } = start();
  sample.lent('one', performance.now() - 3);
  sample.tell();
  expect(waited).toEqual([3]);
  vi.advanceTimersByTime(5000);
  expect(waited).toEqual([3]);
});

test('a connection that nobody was seen to borrow tells nothing', () => {
  const { sample, used } = start();
  sample.returned('one');
  expect(used).toEqual([]);
});
