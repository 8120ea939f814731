import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { withoutUrl } from './hidden-url.js';

test('a URL that can’t be parsed is not shown, for it may have a password in it', () => {
  let thrown: unknown;
  try {
    new URL('redis://:secret@host:port');
  } catch (error) {
    thrown = withoutUrl(error, 'url', 'redis://host:6379');
  }
  expect(thrown).toMatchObject({ code: 'ERR_CONFIG', problems: [{ name: 'url', value: '***' }] });
  expect(inspect(thrown, { showHidden: true })).not.toContain('secret');
});

test('any other error stays what it is', () => {
  const error = new TypeError('no URL at all');
  expect(withoutUrl(error, 'url', 'redis://host:6379')).toBe(error);
});
