import { expect, test } from 'vitest';
import { withoutCredentials } from './without-credentials.js';

test('a password in an address is not shown, wherever it stands in the text', () => {
  expect(withoutCredentials('connect to postgres://me:s3cret@db:5432/x failed')).toBe(
    'connect to postgres://***@db:5432/x failed',
  );
  expect(withoutCredentials('redis+tls://:s3cret@a, amqp://b:p@ss@c')).toBe('redis+tls://***@a, amqp://***@c');
  expect(withoutCredentials('mongodb://t0ken@db/x')).toBe('mongodb://***@db/x');
  expect(withoutCredentials('postgres://db:5432/x?user=me&password=s3cret&sslpassword=s3cret')).toBe(
    'postgres://db:5432/x?user=me&password=***&sslpassword=***',
  );
});

test.each(['pa/ss', 'p/a@s/s', '12/34', 'a?b#c', ':/', '//'])(
  'a password that should have been encoded is not shown: %s',
  (password) => {
    expect(withoutCredentials(`Invalid URL: postgres://me:${password}@db/x`)).toBe('Invalid URL: postgres://***@db/x');
    expect(withoutCredentials(`Invalid URL: redis://${password}@db/x`)).toBe('Invalid URL: redis://***@db/x');
  },
);

test('what has no address in it is shown as it is, and of an address all but that', () => {
  for (const text of ['', 'me@example.test', 'no:one@home', 'see http://db/x']) {
    expect(withoutCredentials(text)).toBe(text);
  }
  expect(withoutCredentials('in doubt http://db/x@y')).toBe('in doubt http://***@y');
});

test('a long text costs no more than many short ones', () => {
  for (const long of ['x'.repeat(1e6), `http://${'x'.repeat(1e6)}`, '://'.repeat(3e5)]) {
    expect(withoutCredentials(long)).toBe(long);
  }
});
