import { expect, test } from 'vitest';
import { Link } from './list.js';
import { Waiters } from './waiters.js';

class Someone extends Link<Someone> {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

const someone = (name: string) => new Someone(name);

function drainNames(waiters: Waiters<Someone>): string[] {
  const names: string[] = [];
  for (let next = waiters.shift(); next; next = waiters.shift()) names.push(next.name);
  return names;
}

test('first come, first served', () => {
  const waiters = new Waiters<Someone>(1);
  for (const name of ['a', 'b', 'c']) waiters.join(someone(name));
  expect(drainNames(waiters)).toEqual(['a', 'b', 'c']);
  expect(waiters.length).toBe(0);
});

test('a lower priority number goes first, and an unknown one counts as the last', () => {
  const waiters = new Waiters<Someone>(3);
  for (const [name, priority] of [
    ['unknown', 9],
    ['last', 2],
    ['first', 0],
    ['negative', -1],
    ['middle', 1],
  ] as const) {
    waiters.join(someone(name), priority);
  }
  expect(drainNames(waiters)).toEqual(['first', 'middle', 'unknown', 'last', 'negative']);
});

test('whoever leaves, from the front, the middle or the end, is not served, and leaving twice changes nothing', () => {
  const waiters = new Waiters<Someone>(1);
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(someone) as [Someone, Someone, Someone, Someone, Someone];
  for (const each of [a, b, c, d, e]) waiters.join(each);
  expect([a, c, e, c].map((each) => waiters.leave(each))).toEqual([true, true, true, false]);
  expect(waiters.length).toBe(2);
  expect(drainNames(waiters)).toEqual(['b', 'd']);
});

test('one who left may join again, at the end', () => {
  const waiters = new Waiters<Someone>(1);
  const [a, b] = [someone('a'), someone('b')];
  waiters.join(a);
  waiters.join(b);
  waiters.leave(a);
  waiters.join(a);
  expect(drainNames(waiters)).toEqual(['b', 'a']);
});

test('they can be looked through in the order in which they will be served', () => {
  const waiters = new Waiters<Someone>(2);
  waiters.join(someone('last'), 1);
  waiters.join(someone('first'), 0);
  waiters.join(someone('second'), 0);
  expect(Array.from(waiters, ({ name }) => name)).toEqual(['first', 'second', 'last']);
});
