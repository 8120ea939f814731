import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from './deadlines.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const late: string[] = [];
  const deadlines = new Deadlines<string>((waiter, millis) => void late.push(`${waiter} ${millis}`));
  return { deadlines, late };
}

test('each is told when its own time is up, not before', () => {
  const { deadlines, late } = setUp();
  deadlines.begin('a', 100);
  vi.advanceTimersByTime(60);
  deadlines.begin('b', 100);
  deadlines.begin('quick', 10);
  vi.advanceTimersByTime(39);
  expect(late).toEqual(['quick 10']);
  vi.advanceTimersByTime(1);
  expect(late).toEqual(['quick 10', 'a 100']);
  vi.advanceTimersByTime(59);
  expect(late).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(late).toEqual(['quick 10', 'a 100', 'b 100']);
});

test('who has stopped waiting is not told', () => {
  const { deadlines, late } = setUp();
  const first = deadlines.begin('first', 100);
  deadlines.begin('second', 100);
  deadlines.end(first);
  vi.advanceTimersByTime(100);
  expect(late).toEqual(['second 100']);
});

test('a thousand that wait equally long set one timer', () => {
  const { deadlines, late } = setUp();
  for (let waiter = 0; waiter < 1000; waiter += 1) deadlines.end(deadlines.begin(`${waiter}`, 100));
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(100);
  expect([late, vi.getTimerCount()]).toEqual([[], 0]);
});

test('the process is kept alive while somebody waits, and only then', () => {
  vi.useRealTimers();
  const { deadlines } = setUp();
  const holding = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = holding();
  const first = deadlines.begin('first', 60_000);
  expect(holding()).toBe(before + 1);
  deadlines.end(first);
  expect(holding()).toBe(before);
  const second = deadlines.begin('second', 60_000);
  expect(holding()).toBe(before + 1);
  deadlines.end(second);
});
