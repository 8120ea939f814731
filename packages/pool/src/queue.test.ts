import { expect, test } from 'vitest';
import { Queue } from './queue.js';

const waiting = (name: number) => ({ name, waits: true });

test('first in, first out, however often it goes round and however much it grows', () => {
  const queue = new Queue<ReturnType<typeof waiting>>();
  const out: number[] = [];
  let next = 0;
  for (const [into, from] of [
    [10, 7],
    [12, 14],
    [100, 50],
    [30, 81],
  ] as const) {
    for (let n = 0; n < into; n += 1) queue.append(waiting(next++));
    for (let n = 0; n < from; n += 1) out.push(queue.shift()?.name ?? Number.NaN);
  }
  expect(out).toEqual(Array.from({ length: next }, (_, n) => n));
  expect(queue.shift()).toBeUndefined();
});

test('who has left is passed over, and its place is free once it is tidied', () => {
  const queue = new Queue<ReturnType<typeof waiting>>();
  const all = Array.from({ length: 40 }, (_, n) => waiting(n));
  for (const one of all) queue.append(one);
  for (const one of all) one.waits = one.name % 10 === 3;
  expect(Array.from(queue, ({ name }) => name)).toEqual([3, 13, 23, 33]);
  expect(queue.shift()?.name).toBe(3);
  expect(queue.taken).toBe(36);
  queue.tidy();
  expect(queue.taken).toBe(3);
  queue.append(waiting(99));
  expect(Array.from(queue, ({ name }) => name)).toEqual([13, 23, 33, 99]);
});
