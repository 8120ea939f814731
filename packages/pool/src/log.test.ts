import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { describeError, logFor } from './log.js';

test('of an error only its type, code and message are written: drivers keep addresses in its other fields', () => {
  const error = Object.assign(new TypeError('Invalid URL'), {
    code: 'ERR_INVALID_URL',
    input: 'postgres://me:s3cret@',
  });
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      chunks.push(String(chunk));
      done();
    },
  });
  logFor('orders', pino({ level: 'trace' }, stream))('warn', 'connect failed', { error });
  expect(chunks.join('')).not.toContain('s3cret');
  expect(JSON.parse(chunks.join(''))).toMatchObject({
    pool: 'orders',
    msg: 'connect failed',
    error: { type: 'TypeError', code: 'ERR_INVALID_URL', message: 'Invalid URL' },
  });
});

test('what was thrown need not be an error', () => {
  expect(describeError('just words')).toEqual({ type: 'string', code: undefined, message: 'just words' });
  expect(describeError(null)).toMatchObject({ message: 'null' });
  expect(describeError(undefined)).toBeUndefined();
});
