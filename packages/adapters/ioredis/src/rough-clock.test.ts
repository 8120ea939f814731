import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { roughNow } from './rough-clock.js';

// The clock and the timers are made up, so that a busy machine has no say.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  // Nobody has asked: it stops.
  vi.advanceTimersByTime(200);
  vi.useRealTimers();
});

test('it is never before the time that it is, and after it by a tick at most', () => {
  for (let n = 0; n < 1000; n += 1) {
    const ahead = roughNow() - performance.now();
    expect(ahead).toBeGreaterThanOrEqual(0);
    expect(ahead).toBeLessThanOrEqual(101);
    vi.advanceTimersByTime(n % 130);
  }
});

test('within a tick the clock is read once', () => {
  const reading = vi.spyOn(performance, 'now');
  for (let n = 0; n < 1000; n += 1) roughNow();
  expect(reading).toHaveBeenCalledOnce();
});

test('when nobody asks there is no timer, and who asks again is told the time', () => {
  roughNow();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(200);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(10_000);
  expect(roughNow()).toBeGreaterThanOrEqual(performance.now());
});
