import { expect, test } from 'vitest';
import { formatOf } from './format.js';

test.each([
  ['/', undefined, 'html'],
  ['/', '*/*', 'html'],
  ['/', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
  ['/', 'application/json', 'json'],
  ['/', 'application/json, text/plain, */*', 'json'],
  ['/', 'text/html;q=0.5, Application/JSON;q=0.9', 'json'],
  ['/', 'application/json;q=0, text/html', 'html'],
  ['/', 'application/json;q=x', 'html'],
  ['/', 'text/event-stream', 'events'],
  ['/status?format=json', 'text/html', 'json'],
  ['//?a=b&format=events', 'text/html', 'events'],
  ['http://host/status?format=html', 'application/json', 'html'],
  ['/?format=', 'text/html', undefined],
  ['/?format=xml', 'text/html', undefined],
])('a request for %j that accepts %j is answered with %j', (url, accept, format) => {
  expect(formatOf(url, accept)).toBe(format);
});
