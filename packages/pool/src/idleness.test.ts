import { expect, test } from 'vitest';
import { Idleness, type IdleOptions } from './idleness.js';

function idleness(options: Partial<IdleOptions>, startedAt = 0): Idleness {
  const off = { idleTimeoutMillis: 0, softIdleTimeoutMillis: -1, evictionRunIntervalMillis: 0 };
  return new Idleness({ ...off, numTestsPerEvictionRun: 3, min: 0, keepIdle: 0, ...options }, startedAt);
}

test('with both timeouts off nothing is ever looked at or over', () => {
  const never = idleness({});
  expect(never.firstLook(1000)).toBe(Number.POSITIVE_INFINITY);
  expect(never.nextLook(1000, 2000)).toBe(Number.POSITIVE_INFINITY);
  expect(never.isOver(0, 1e12, { total: 9, idle: 9 })).toBe(false);
});

test('the idle timeout counts all connections, the soft one those that are idle', () => {
  const hard = idleness({ idleTimeoutMillis: 50, min: 2, keepIdle: 2 });
  expect(hard.isOver(0, 50, { total: 3, idle: 1 })).toBe(true);
  expect(hard.isOver(0, 50, { total: 2, idle: 2 })).toBe(false);
  const soft = idleness({ softIdleTimeoutMillis: 50, min: 2, keepIdle: 2 });
  expect(soft.isOver(0, 50, { total: 9, idle: 3 })).toBe(true);
  expect(soft.isOver(0, 50, { total: 9, idle: 2 })).toBe(false);
  expect(soft.isOver(0, 49, { total: 9, idle: 3 })).toBe(false);
});

test('the first look is at the shorter timeout, the next at the other', () => {
  const both = idleness({ idleTimeoutMillis: 100, softIdleTimeoutMillis: 30 });
  expect(both.firstLook(1000)).toBe(1030);
  expect(both.nextLook(1000, 1030)).toBe(1100);
  const turned = idleness({ idleTimeoutMillis: 30, softIdleTimeoutMillis: 100 });
  expect(turned.firstLook(1000)).toBe(1030);
  expect(turned.nextLook(1000, 1030)).toBe(1100);
});

test('with an interval, looks come at whole intervals only, and close so many', () => {
  const runs = idleness({ idleTimeoutMillis: 30, evictionRunIntervalMillis: 100, numTestsPerEvictionRun: 7 }, 5);
  expect(runs.firstLook(5)).toBe(105);
  expect(runs.isOver(5, 104, { total: 1, idle: 1 })).toBe(false);
  expect(runs.isOver(5, 105, { total: 1, idle: 1 })).toBe(true);
  expect(runs.lookAgain(105)).toBe(205);
  expect(runs.mostPerLook).toBe(7);
});

test('without an interval one look closes all that is over', () => {
  expect(idleness({ idleTimeoutMillis: 30 }).mostPerLook).toBe(Number.POSITIVE_INFINITY);
});
