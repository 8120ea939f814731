import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { describeError, logFor, withoutCredentials } from './log.js';

test('a password in an address is not written, wherever it stands in the text', () => {
  expect(withoutCredentials('connect to postgres://me:s3cret@db:5432/x failed')).toBe(
    'connect to postgres://***@db:5432/x failed',
  );
  expect(withoutCredentials('redis+tls://:s3cret@a, amqp://b:p@ss@c')).toBe('redis+tls://***@a, amqp://***@c');
  expect(withoutCredentials('mongodb://t0ken@db/x')).toBe('mongodb://***@db/x');
  expect(withoutCredentials('postgres://db:5432/x?user=me&password=s3cret&sslpassword=s3cret')).toBe(
    'postgres://db:5432/x?user=me&password=***&sslpassword=***',
  );
  expect(withoutCredentials('nothing to hide at http://db/x@y')).toBe('nothing to hide at http://db/x@y');
});

test.each(['pa/ss', 'p/a@s/s', '12/34', 'a?b#c', ':/', '//'])(
  'a password that should have been encoded is not written: %s',
  (password) => {
    expect(withoutCredentials(`Invalid URL: postgres://me:${password}@db/x`)).toBe('Invalid URL: postgres://***@db/x');
  },
);

test('a long word costs no more than a short one', () => {
  const long = 'x'.repeat(1e6);
  expect(withoutCredentials(long)).toBe(long);
  expect(withoutCredentials(`http://${long}`)).toBe(`http://${long}`);
});

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
