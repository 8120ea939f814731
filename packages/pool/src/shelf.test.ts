import type { Verdict } from '@lifeguard/tcp';
import { expect, test } from 'vitest';
import { clockMillis } from './clock.js';
import { Connection } from './connection.js';
import { Shelf } from './shelf.js';
import type { Watch } from './watch.js';

/** What the kernel would say of it is made up here: a test in the fault lab can't bring about one verdict at a time. */
function lay(verdicts: readonly Verdict[], { fifo = false, aliveBypassMillis = 0 } = {}) {
  const dead: number[] = [];
  const suspect: number[] = [];
  const asked: (number | 'the clock')[] = [];
  const shelf = new Shelf<number>({
    fifo,
    aliveBypassMillis,
    readClock: () => void asked.push('the clock'),
    dead: ({ resource }) => void dead.push(resource),
    suspect: ({ resource }) => void suspect.push(resource),
  });
  for (const [resource, verdict] of verdicts.entries()) {
    const ask = () => {
      asked.push(resource);
      return verdict;
    };
    const watch = { sockets: new Set(), verdict: ask } as unknown as Watch;
    shelf.add(new Connection({ resource, watch, connectMillis: 0 }, Number.POSITIVE_INFINITY));
  }
  return { shelf, dead, suspect, asked };
}

test('the one last returned is taken first, with fifo the one idle longest', () => {
  expect(lay(['alive', 'alive', 'alive']).shelf.take(clockMillis())?.resource).toBe(2);
  expect(lay(['alive', 'alive', 'alive'], { fifo: true }).shelf.take(clockMillis())?.resource).toBe(0);
});

test('what the kernel can’t judge is lent as it is', () => {
  expect(lay(['unknown']).shelf.take(clockMillis())?.resource).toBe(0);
});

test('a dead one is reported, and the next is taken', () => {
  const { shelf, dead } = lay(['alive', 'dead', 'dead']);
  expect(shelf.take(clockMillis())?.resource).toBe(0);
  expect(dead).toEqual([2, 1]);
  expect(shelf.length).toBe(0);
});

test('a suspect one leaves the shelf, and the next is taken', () => {
  const { shelf, dead, suspect } = lay(['alive', 'suspect']);
  expect(shelf.take(clockMillis())?.resource).toBe(0);
  expect([dead, suspect]).toEqual([[], [1]]);
  expect(shelf.length).toBe(0);
});

test('when all are suspect, none is taken', () => {
  const { shelf, suspect } = lay(['suspect', 'suspect']);
  expect(shelf.take(clockMillis())).toBeUndefined();
  expect(suspect).toEqual([1, 0]);
});

test('the kernel is not asked about what was in use a moment ago', () => {
  const { shelf, asked } = lay(['dead'], { aliveBypassMillis: 60_000 });
  expect(shelf.take(clockMillis())?.resource).toBe(0);
  expect(asked).toEqual([]);
});

test('before the kernel the clock is asked: it may have been set, back or forward', () => {
  const { shelf, asked } = lay(['alive', 'alive'], { aliveBypassMillis: 60_000 });
  shelf.take(clockMillis() - 3_600_000);
  shelf.take(clockMillis() + 3_600_000);
  expect(asked).toEqual(['the clock', 1, 'the clock', 0]);
});
