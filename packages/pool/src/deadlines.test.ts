import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines, type Patient } from './deadlines.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Someone extends Patient {
  readonly name: string;
}

function setUp() {
  const late: string[] = [];
  const waiting = new Set<Someone>();
  const leave = (someone: Someone) => {
    waiting.delete(someone);
    if (waiting.size === 0) deadlines.rest();
  };
  const deadlines = new Deadlines<Someone>({
    waiting,
    late: (someone) => {
      late.push(`${someone.name} ${someone.timeoutMillis}`);
      leave(someone);
    },
  });
  const begin = (name: string, timeoutMillis: number) => {
    const someone: Someone = { name, timeoutMillis, lateAt: undefined };
    waiting.add(someone);
    if (timeoutMillis > 0) deadlines.begin(timeoutMillis);
    return { leave: () => leave(someone) };
  };
  return { begin, late };
}

test('each is told when its own time is up, never before, and at most a hundredth later', () => {
  const { begin, late } = setUp();
  begin('a', 1000);
  vi.advanceTimersByTime(600);
  begin('b', 1000);
  begin('quick', 100);
  vi.advanceTimersByTime(99);
  expect(late).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(late).toEqual(['quick 100']);
  vi.advanceTimersByTime(298);
  expect(late).toEqual(['quick 100']);
  vi.advanceTimersByTime(11);
  expect(late).toEqual(['quick 100', 'a 1000']);
  vi.advanceTimersByTime(589);
  expect(late).toHaveLength(2);
  vi.advanceTimersByTime(11);
  expect(late).toEqual(['quick 100', 'a 1000', 'b 1000']);
});

test('who will wait for long does not put off those whose time is up before', () => {
  const { begin, late } = setUp();
  begin('quick', 100);
  vi.advanceTimersByTime(98);
  begin('slow', 60_000);
  vi.advanceTimersByTime(4);
  expect(late).toEqual(['quick 100']);
});

test('who has stopped waiting is not told', () => {
  const { begin, late } = setUp();
  const first = begin('first', 100);
  begin('second', 100);
  first.leave();
  vi.advanceTimersByTime(102);
  expect(late).toEqual(['second 100']);
});

test('who waits without end is never told', () => {
  const { begin, late } = setUp();
  begin('endless', 0);
  begin('second', 100);
  vi.advanceTimersByTime(1_000_000);
  expect(late).toEqual(['second 100']);
  expect(vi.getTimerCount()).toBe(0);
});

test('of many who come and go nobody is forgotten, told twice, or told too late', () => {
  const { begin, late } = setUp();
  const staying: string[] = [];
  for (let n = 0; n < 1000; n += 1) {
    const someone = begin(`${n}`, 100);
    if (n % 10 === 0) staying.push(`${n} 100`);
    else someone.leave();
    if (n % 100 === 0) vi.advanceTimersByTime(5);
  }
  vi.advanceTimersByTime(102);
  expect(late).toEqual(staying);
});

test('a thousand that come at once set one timer, and leave none', () => {
  const { begin, late } = setUp();
  for (let waiter = 0; waiter < 1000; waiter += 1) begin(`${waiter}`, 100).leave();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1);
  expect([late, vi.getTimerCount()]).toEqual([[], 0]);
});

test('the process is kept alive while somebody waits, and only then', () => {
  vi.useRealTimers();
  const { begin } = setUp();
  const holding = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = holding();
  const first = begin('first', 60_000);
  expect(holding()).toBe(before + 1);
  first.leave();
  expect(holding()).toBe(before);
  const second = begin('second', 60_000);
  expect(holding()).toBe(before + 1);
  second.leave();
});

test('who waits for longer than a timer can count is told in time, and costs no timers meanwhile', () => {
  const { begin, late } = setUp();
  const set = vi.spyOn(globalThis, 'setTimeout');
  begin('patient', 3e9);
  vi.advanceTimersByTime(3e9 - 1);
  expect([late, set.mock.calls.length]).toEqual([[], 3]);
  vi.advanceTimersByTime(22);
  expect(late).toEqual(['patient 3000000000']);
  set.mockRestore();
});

test.for([0, 3_600_000])(
  'a test that replaced the clock, let %i ms pass and put it back leaves the next wait bounded',
  async (millis) => {
    const { begin, late } = setUp();
    const other = begin('in the test', 40);
    other.leave();
    begin('patient', 7_200_000).leave();
    vi.advanceTimersByTime(millis);
    begin('patient', 40).leave();
    vi.useRealTimers();
    begin('after it', 50);
    await vi.waitFor(() => expect(late).toEqual(['after it 50']), 5000);
  },
);
