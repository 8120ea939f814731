import { expect, test } from 'vitest';
import { millisLeft } from './wait-limit.js';

// The kernel gives up after 5 s of silence, whatever was under way.
const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 2000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 3,
  userTimeoutMillis: 5000,
};
const silence = Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' });

test('after a connection that was alive until its end the whole limit is left', () => {
  expect(millisLeft(undefined, { millis: 10_000, tcp: TCP })).toBe(10_000);
  expect(millisLeft(new Error('end'), { millis: 10_000, tcp: TCP })).toBe(10_000);
});

test('a silence counts', () => {
  expect(millisLeft(silence, { millis: 12_000, tcp: TCP })).toBe(7000);
});

test('one reconnect is given time however long the silence was, within the limit', () => {
  expect(millisLeft(silence, { millis: 5000, tcp: TCP })).toBe(500);
  expect(millisLeft(silence, { millis: 10_000, tcp: { ...TCP, keepAlive: false } })).toBe(500);
  expect(millisLeft(silence, { millis: 100, tcp: TCP })).toBe(100);
});
