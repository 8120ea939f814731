import { expect, test } from 'vitest';
import { Hosts } from './hosts.js';

function includes(list: string, host: string, address?: string): boolean | undefined {
  return Hosts.parse(list)?.include(host, address);
}

test.each([
  ['db.internal', 'db.internal', '10.1.2.3', true],
  ['db.internal', 'DB.Internal.', '10.1.2.3', true],
  ['db.internal', 'other.internal', '10.1.2.3', false],
  ['db.internal', 'sub.db.internal', '10.1.2.3', false],
  ['10.1.2.3', 'db.internal', '10.1.2.3', true],
  ['10.1.2.3', '10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', 'db.internal', '10.1.2.4', false],
  ['10.0.0.0/8', 'db.internal', '10.200.0.1', true],
  ['10.0.0.0/8', 'db.internal', '11.0.0.1', false],
  ['10.0.0.0/8', 'db.internal', '::ffff:10.0.0.1', true],
  ['0.0.0.0/0', 'db.internal', '203.0.113.9', true],
  ['2001:db8::/32', 'db.internal', '2001:db8:1::7', true],
  ['2001:db8::1', 'db.internal', '2001:0db8:0:0::1', true],
  ['2001:db8::/32', 'db.internal', '2001:db9::7', false],
  ['a, b ,10.0.0.0/8', 'b', '192.0.2.1', true],
  ['!metrics', 'metrics', '10.0.0.1', false],
  ['!metrics', 'db', '10.0.0.1', true],
  ['10.0.0.0/8,!10.9.0.0/16', 'db', '10.9.1.1', false],
  ['10.0.0.0/8,!10.9.0.0/16', 'db', '10.8.1.1', true],
  ['db,!10.9.0.0/16', 'db', '10.9.1.1', false],
  ['db', 'db', undefined, true],
  ['10.0.0.0/8', 'db', undefined, false],
] as const)('%s: a connection to %s (%s) is hardened: %s', (list, host, address, expected) => {
  expect(includes(list, host, address)).toBe(expected);
});

test.each([
  '10.0.0.0/33',
  '10.0.0/8',
  '10.0.0.256',
  '1.2.3',
  '2001:db8::/129',
  'x y',
  '!',
  ',',
  'a,,b',
  '!!a',
  '-a',
  'a..b',
  'http://db',
  'db:5432',
  '10.0.0.0/-1',
  '10.0.0.0/',
])('%s is no list of hosts', (list) => {
  expect(Hosts.parse(list)).toBeUndefined();
});

test('all means all', () => {
  expect([Hosts.all.include('db', '10.0.0.1'), Hosts.all.include('', undefined)]).toEqual([true, true]);
});
