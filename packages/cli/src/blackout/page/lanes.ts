import type { Connection } from './connections.js';

/** A connection and the row that it is drawn in. */
export interface PlacedConnection {
  readonly connection: Connection;
  readonly lane: number;
}

/** Puts each connection in the first row that is free from when it was first seen until it was last seen. */
export function placeInLanes(connections: readonly Connection[]): PlacedConnection[] {
  const busyUntil: number[] = [];
  return connections.map((connection) => {
    const from = connection.states[0]?.at ?? connection.seenAt;
    const free = busyUntil.findIndex((until) => until < from);
    const lane = free < 0 ? busyUntil.length : free;
    busyUntil[lane] = connection.closed ? connection.seenAt : Number.POSITIVE_INFINITY;
    return { connection, lane };
  });
}
