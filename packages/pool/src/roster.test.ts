import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Badge } from './badge.js';
import { Connection } from './connection.js';
import { Roster } from './roster.js';
import type { Watch } from './watch.js';

const watch = { sockets: new Set() } as unknown as Watch;

function connectionOf<T>(resource: T): Connection<T> {
  return new Connection({ resource, watch, connectMillis: 0 }, Number.POSITIVE_INFINITY);
}

/** Whose every property is a method, as that of a client whose methods are made up on call. */
const obliging = new Proxy(
  {},
  { get: () => () => 'done', set: () => false, defineProperty: () => false, has: () => true },
);

function refuse(): never {
  throw new Error('not to be asked');
}

const reticent = new Proxy({}, { isExtensible: refuse, defineProperty: refuse, getOwnPropertyDescriptor: refuse });

describe.each([
  ['an object', {}],
  ['a frozen object', Object.freeze({})],
  ['a sealed object', Object.seal({})],
  ['an object without a prototype', Object.create(null)],
  ['a Proxy that answers to every name', obliging],
  ['a Proxy that can’t be asked what it is', reticent],
  ['a function', () => {}],
  ['a string', 'resource'],
  ['a number', 7],
  ['null', null],
])('%s', (_, resource: unknown) => {
  test('is found while it stands there, and not before or after', () => {
    const roster = new Roster<unknown>();
    expect(roster.get(resource)).toBeUndefined();
    const connection = connectionOf(resource);
    roster.add(connection);
    expect(roster.get(resource)).toBe(connection);
    expect(roster.has(resource)).toBe(true);
    expect([...roster]).toEqual([connection]);
    roster.delete(connection);
    expect(roster.get(resource)).toBeUndefined();
    expect(roster.has(resource)).toBe(false);
    expect(roster.size).toBe(0);
  });

  test('comes back as another connection', () => {
    const roster = new Roster<unknown>();
    const first = connectionOf(resource);
    roster.add(first);
    roster.delete(first);
    const second = connectionOf(resource);
    roster.add(second);
    expect(roster.get(resource)).toBe(second);
    roster.delete(second);
  });

  test('stands in two rosters, as another connection in each', () => {
    const [one, other] = [new Roster<unknown>(), new Roster<unknown>()];
    const [inOne, inOther] = [connectionOf(resource), connectionOf(resource)];
    one.add(inOne);
    other.add(inOther);
    expect(one.get(resource)).toBe(inOne);
    expect(other.get(resource)).toBe(inOther);
    one.delete(inOne);
    expect(one.get(resource)).toBeUndefined();
    expect(other.get(resource)).toBe(inOther);
    other.delete(inOther);
    expect(other.get(resource)).toBeUndefined();
  });
});

test('whoever looks at a resource does not see that it stands in a roster', () => {
  const resource = { open: true };
  const roster = new Roster<object>();
  roster.add(connectionOf(resource));
  expect(Reflect.ownKeys(resource)).toEqual(['open']);
  expect(inspect(resource, { showHidden: true })).toBe('{ open: true }');
  expect(structuredClone(resource)).toEqual({ open: true });
});

test('an heir of a resource is not the resource', () => {
  const resource = {};
  const roster = new Roster<object>();
  roster.add(connectionOf(resource));
  expect(roster.get(Object.create(resource))).toBeUndefined();
  expect(roster.get({ ...resource })).toBeUndefined();
});

test('a resource that has left keeps nothing of the pool alive', () => {
  const resource = {};
  const roster = new Roster<object>();
  const connection = connectionOf(resource);
  roster.add(connection);
  expect(Badge.of(resource)).toBe(connection);
  roster.delete(connection);
  expect(Badge.of(resource)).toBeUndefined();
});
