import { expect, it } from 'vitest';
import type { Connection } from './connections.js';
import { placeInLanes } from './lanes.js';

function connection(id: number, from: number, to: number, closed = true): Connection {
  return { id, states: [{ at: from, connecting: false, retransmits: 0, probes: 0, unacked: 0 }], seenAt: to, closed };
}

it('no two connections are in a lane at the same time, and a lane that is free is used again', () => {
  const placed = placeInLanes([
    connection(0, 0, 500),
    connection(1, 0, 9000, false),
    connection(2, 500, 800),
    connection(3, 501, 900),
  ]);
  expect(placed.map(({ connection: { id }, lane }) => [id, lane])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 0],
  ]);
});

it('a connection that is still open keeps its lane', () => {
  const placed = placeInLanes([connection(0, 0, 250, false), connection(1, 500, 750)]);
  expect(placed.map(({ lane }) => lane)).toEqual([0, 1]);
});
