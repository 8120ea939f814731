import { expect, test } from 'vitest';
import { connectFailure, isRoutine, socketFailure } from './classify.js';

const coded = (code: string) => Object.assign(new Error(code), { code });

test('every way in which a socket fails has its reason, and another error has none', () => {
  const reasons = Object.fromEntries(
    ['ETIMEDOUT', 'ECONNRESET', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'ECONNABORTED'].map((code) => [
      code,
      socketFailure(coded(code)),
    ]),
  );
  expect(reasons).toEqual({
    ETIMEDOUT: 'timed-out',
    ECONNRESET: 'reset',
    EPIPE: 'reset',
    EHOSTUNREACH: 'unreachable',
    ENETUNREACH: 'unreachable',
    ENETDOWN: 'unreachable',
    ECONNABORTED: 'reset',
  });
  for (const other of [coded('23505'), new Error('plain'), undefined, null, 'ETIMEDOUT']) {
    expect(socketFailure(other)).toBeUndefined();
  }
});

test('a connect that found no server may be tried again soon, one that a server declined may not', () => {
  expect(connectFailure(coded('ECONNREFUSED'))).toBe('no-server');
  expect(connectFailure(new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]))).toBe('no-server');
  expect(connectFailure(coded('53300'))).toBe('declined');
  expect(connectFailure(new Error('too many connections'))).toBe('declined');
});

test('what happens every day is no reason for a warning', () => {
  expect(isRoutine('idle')).toBe(true);
  expect(isRoutine('timed-out')).toBe(false);
});
