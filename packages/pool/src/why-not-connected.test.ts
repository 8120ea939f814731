import { expect, test } from 'vitest';
import { whyNotConnected } from './why-not-connected.js';

const SECRET = 'redis://:hunter2@db';

test.each([
  [Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [Object.assign(new Error(SECRET), { code: 28 }), 'see the cause'],
  [new (class HandshakeError extends Error {})(SECRET), 'HandshakeError'],
  [new RangeError(SECRET), 'RangeError'],
  [SECRET, 'String'],
  [null, 'see the cause'],
])('an error is told by its code or its name, never by its message: %#', (cause, said) => {
  expect(whyNotConnected(cause)).toBe(`; connects have been failing: ${said}`);
});

test('where no connect has failed, nothing is said', () => {
  expect(whyNotConnected(undefined)).toBe('');
});
