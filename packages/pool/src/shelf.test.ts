import type { Verdict } from '@lifeguard/tcp';
import { expect, test } from 'vitest';
import { Connection } from './connection.js';
import { Shelf } from './shelf.js';
import type { Watch } from './watch.js';

/** What the kernel would say of it is made up here: a test in the fault lab can't bring about one verdict at a time. */
function lay(verdicts: readonly Verdict[], { fifo = false, aliveBypassMillis = 0 } = {}) {
  const dead: number[] = [];
  const asked: number[] = [];
  const shelf = new Shelf<number>({
    fifo,
    aliveBypassMillis,
    dead: (connection) => {
      shelf.remove(connection);
      dead.push(connection.resource);
    },
  });
  for (const [resource, verdict] of verdicts.entries()) {
    const ask = () => {
      asked.push(resource);
      return verdict;
    };
    const watch = { sockets: new Set(), verdict: ask } as unknown as Watch;
    shelf.add(new Connection({ resource, watch }, 0, Number.POSITIVE_INFINITY));
  }
  return { shelf, dead, asked };
}

test('the one last returned is taken first, with fifo the one idle longest', () => {
  expect(lay(['alive', 'alive', 'alive']).shelf.take(true, Date.now())?.resource).toBe(2);
  expect(lay(['alive', 'alive', 'alive'], { fifo: true }).shelf.take(true, Date.now())?.resource).toBe(0);
});

test('what the kernel can’t judge is lent as it is', () => {
  expect(lay(['unknown']).shelf.take(false, Date.now())?.resource).toBe(0);
});

test('a dead one is reported, and the next is taken', () => {
  const { shelf, dead } = lay(['alive', 'dead', 'dead']);
  expect(shelf.take(false, Date.now())?.resource).toBe(0);
  expect(dead).toEqual([2, 1]);
  expect(shelf.length).toBe(0);
});

test('a suspect one is passed over while there is another, and stays', () => {
  const { shelf, dead } = lay(['alive', 'suspect']);
  expect(shelf.take(true, Date.now())?.resource).toBe(0);
  expect(shelf.length).toBe(1);
  expect(dead).toEqual([]);
});

test('when all are suspect, one is taken only by who must settle for it', () => {
  const { shelf } = lay(['suspect', 'suspect']);
  expect(shelf.take(false, Date.now())).toBeUndefined();
  expect(shelf.take(true, Date.now())?.resource).toBe(1);
  expect(shelf.length).toBe(1);
});

test('the kernel is not asked about what was in use a moment ago', () => {
  const { shelf, asked } = lay(['dead'], { aliveBypassMillis: 60_000 });
  expect(shelf.take(false, Date.now())?.resource).toBe(0);
  expect(asked).toEqual([]);
});
