import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { clockMillis } from './clock.js';
import { Housekeeper } from './housekeeper.js';

afterEach(() => void vi.useRealTimers());

const NEVER = Number.POSITIVE_INFINITY;

test('the work is done when it is due, and again when it says so', () => {
  vi.useFakeTimers();
  const done: number[] = [];
  const start = clockMillis();
  const housekeeper = new Housekeeper(() => {
    done.push(clockMillis() - start);
    return done.length < 2 ? start + 70 : NEVER;
  });
  housekeeper.expect(start + 50);
  housekeeper.expect(start + 60);
  vi.advanceTimersByTime(1000);
  expect(done).toEqual([50, 70]);
  expect(vi.getTimerCount()).toBe(0);
});

test('what is due in more than 25 days is not done before', () => {
  vi.useFakeTimers();
  const work = vi.fn(() => NEVER);
  const month = 30 * 86_400_000;
  new Housekeeper(work).expect(clockMillis() + month);
  vi.advanceTimersByTime(1000);
  expect(work).not.toHaveBeenCalled();
});

test('once stopped it does nothing more, whatever is expected', () => {
  vi.useFakeTimers();
  const work = vi.fn(() => NEVER);
  const housekeeper = new Housekeeper(work);
  housekeeper.expect(clockMillis() + 10);
  housekeeper.stop();
  housekeeper.expect(clockMillis() + 5);
  vi.advanceTimersByTime(1000);
  expect(work).not.toHaveBeenCalled();
});

test.for([0, 2e12])('it outlives a test that replaced the clock, by one at %i, and put it back', async (now) => {
  const work = vi.fn(() => NEVER);
  const housekeeper = new Housekeeper(work);
  vi.useFakeTimers({ now });
  housekeeper.expect(clockMillis() + 20);
  vi.advanceTimersByTime(10);
  vi.useRealTimers();
  await delay(20);
  housekeeper.expect(clockMillis() + 20);
  await vi.waitFor(() => expect(work).toHaveBeenCalled(), 5000);
});
