import { expect, test } from 'vitest';
import { silenceBefore } from './silence-before.js';

const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 5000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 3,
  userTimeoutMillis: 10_000,
};
const coded = (code: string) => Object.assign(new Error(code), { code });

test.each(['ETIMEDOUT', 'EHOSTUNREACH'])(
  'before %s the peer may have been silent for the longer of the timers',
  (code) => {
    expect(silenceBefore(coded(code), TCP)).toBe(10_000);
    expect(silenceBefore(coded(code), { ...TCP, userTimeoutMillis: 2000 })).toBe(8000);
  },
);

test('where a timer is off it may have been silent for as long as you like', () => {
  expect(silenceBefore(coded('ETIMEDOUT'), { ...TCP, userTimeoutMillis: 0 })).toBe(Number.POSITIVE_INFINITY);
  expect(silenceBefore(coded('ETIMEDOUT'), { ...TCP, keepAlive: false })).toBe(Number.POSITIVE_INFINITY);
});

test.each([coded('ECONNRESET'), coded('EPIPE'), undefined])('before %s it was heard of', (error) => {
  expect(silenceBefore(error, TCP)).toBe(0);
});
