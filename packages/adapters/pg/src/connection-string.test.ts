import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { checkConnectionString, connectionStringProblems } from './connection-string.js';

test.each([
  'postgres://user:secret@localhost:5432/database',
  'postgresql://user:secret@[::1]/database?sslmode=disable',
  'postgres://user:secret@/database?host=/var/run/postgresql',
  '/var/run/postgresql database',
  'socket://user:secret@/tmp?db=database',
])('what the driver can parse is right: %s', (text) => {
  expect(connectionStringProblems(text)).toEqual([]);
});

test('none at all is right, for it may come from elsewhere', () => {
  for (const text of [undefined, null, '']) expect(connectionStringProblems(text)).toEqual([]);
});

test.each([
  'postgres://user:secret@host:port/database',
  'postgres://user:secret@ho^st/database',
  'postgres://user:secret%@localhost:99999/database',
  'postgres://user:%E0%A4secret@localhost/database',
])('an error names the option, says what is right, and shows nothing of %s', (text) => {
  let thrown: unknown;
  try {
    checkConnectionString(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    name: 'ConfigError',
    code: 'ERR_CONFIG',
    message: expect.stringContaining('postgres://'),
  });
  expect(String(thrown)).toContain('connectionString=***');
  expect(inspect(thrown, { depth: null, showHidden: true })).not.toContain('secret');
});

test('a certificate that can’t be read is left for the connect to tell', () => {
  expect(connectionStringProblems('postgres://localhost/x?sslrootcert=/nowhere/ca.pem')).toEqual([]);
});
