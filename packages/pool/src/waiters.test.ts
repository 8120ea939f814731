import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import genericPool from 'generic-pool';
import { expect, test, vi } from 'vitest';
import { Waiters } from './waiters.js';

interface Request {
  readonly name: string;
  readonly promise: Promise<void>;
}

/** It is exported, and its types leave it out. */
const { PriorityQueue } = genericPool as unknown as {
  PriorityQueue: new (size: number) => { enqueue(one: Request, priority: number): void; dequeue(): Request };
};

interface Someone {
  readonly name: string;
  waits: boolean;
}

const someone = (name: string): Someone => ({ name, waits: false });

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

test('of ten thousand who left, among those who wait, nothing is kept', async () => {
  const waiters = new Waiters<Someone>(1);
  const patient = someone('patient');
  waiters.join(patient);
  const { collected, left } = joinAndLeave(waiters, 10_000);
  waiters.join(someone('late'));
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  await vi.waitFor(() => {
    collectGarbage();
    expect(collected()).toBeGreaterThan(left - 200);
  });
  expect(drainNames(waiters)).toEqual(['patient', 'late']);
});

/** In a function of its own, so that nothing but the waiters can hold on to them. */
function joinAndLeave(waiters: Waiters<Someone>, left: number) {
  const refs = Array.from({ length: left }, (_, n) => {
    const impatient = someone(String(n));
    waiters.join(impatient);
    waiters.leave(impatient);
    return new WeakRef(impatient);
  });
  return { left, collected: () => refs.filter((ref) => ref.deref() === undefined).length };
}

test('they can be looked through in the order in which they will be served', () => {
  const waiters = new Waiters<Someone>(2);
  waiters.join(someone('last'), 1);
  waiters.join(someone('first'), 0);
  waiters.join(someone('second'), 0);
  expect(Array.from(waiters, ({ name }) => name)).toEqual(['first', 'second', 'last']);
});

test('what is given as a priority is taken as generic-pool takes it', () => {
  const given = [0, 1, 2, 3, -1, 1.5, -0.5, Number.NaN, null, undefined, '1', 'first'] as number[];
  const waiters = new Waiters<Someone>(3);
  const theirs = new PriorityQueue(3);
  for (const [n, priority] of given.entries()) {
    waiters.join(someone(`${n}`), priority);
    theirs.enqueue({ name: `${n}`, promise: Promise.resolve() }, priority);
  }
  expect(drainNames(waiters)).toEqual(given.map(() => theirs.dequeue().name));
});
