import { expect, test } from 'vitest';
import { isSilence } from './is-silence.js';

const coded = (code: string) => Object.assign(new Error(code), { code });

test.each(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN'])('%s: nobody answers', (code) => {
  expect(isSilence(coded(code))).toBe(true);
});

test.each(['ECONNRESET', 'EPIPE', 'ECONNREFUSED'])('%s: the peer has answered', (code) => {
  expect(isSilence(coded(code))).toBe(false);
});

test.each([undefined, null, 'ETIMEDOUT', new Error('ETIMEDOUT')])(
  'what has no code says nothing of it: %s',
  (error) => {
    expect(isSilence(error)).toBe(false);
  },
);
