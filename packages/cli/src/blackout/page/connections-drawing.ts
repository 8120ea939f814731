import type { Connection, ConnectionState } from './connections.js';
import { type Frame, px } from './frame.js';
import { placeInLanes } from './lanes.js';
import { type Markup, markup } from './markup.js';
import type { RecordedContender } from './recording.js';

const LANE_HEIGHT = 8;
/** More are squeezed. */
const MOST_HEIGHT = 20 * LANE_HEIGHT;

/** What is drawn at a moment at which the kernel told of something. */
export const SIGNS = {
  retransmission: (x: number, y: number) => `M${px(x)} ${px(y - 3.5)}v7`,
  probe: (x: number, y: number) => `M${px(x - 2)} ${px(y)}a2 2 0 1 1 4 0a2 2 0 1 1 -4 0z`,
  closed: (x: number, y: number) => `M${px(x - 2.5)} ${px(y - 2.5)}l5 5m0 -5l-5 5`,
} as const;

/** A lane for each connection: lines for the states that it was in, and a sign wherever the kernel had one more to tell. */
export function drawConnections({ connections }: RecordedContender, frame: Frame): { markup: Markup; height: number } {
  const placed = placeInLanes(connections);
  const path = (name: string, draw: (connection: Connection, y: number) => readonly string[]) => {
    const parts = placed.flatMap(({ connection, lane }) => draw(connection, (lane + 0.5) * LANE_HEIGHT));
    return markup`<path class="${name}" d="${parts.join('')}"/>`;
  };
  const spans = (name: string, holds: (state: ConnectionState) => boolean) =>
    path(name, (connection, y) => drawSpans(connection, y, holds, frame));
  const signs = (name: keyof typeof SIGNS, momentsOf: (connection: Connection) => readonly number[]) =>
    path(name, (connection, y) => momentsOf(connection).map((at) => SIGNS[name](frame.x(at), y)));
  const height = LANE_HEIGHT * Math.max(1, ...placed.map(({ lane }) => lane + 1));
  const squeeze = Math.min(1, MOST_HEIGHT / height);
  return {
    height: height * squeeze,
    markup: markup`<g class="connections" transform="scale(1 ${squeeze})">${[
      spans('connecting', ({ connecting }) => connecting),
      spans('connected', ({ connecting }) => !connecting),
      spans('unacked', ({ connecting, unacked }) => !connecting && unacked > 0),
      signs('probe', (connection) => growthsOf(connection, 'probes')),
      signs('retransmission', (connection) => growthsOf(connection, 'retransmits')),
      signs('closed', ({ closed, seenAt }) => (closed ? [seenAt] : [])),
    ]}</g>`,
  };
}

function drawSpans(
  { states, seenAt, closed }: Connection,
  y: number,
  holds: (state: ConnectionState) => boolean,
  frame: Frame,
): string[] {
  const endAt = closed ? seenAt : frame.recording.endAt;
  return states.flatMap((state, index) => {
    const until = states[index + 1]?.at ?? endAt;
    return holds(state) ? `M${px(frame.x(state.at))} ${px(y)}H${px(frame.x(until))}` : [];
  });
}

/** When it was first seen that the count had grown. */
export function growthsOf({ states }: Connection, count: 'probes' | 'retransmits'): number[] {
  return states.filter((state, index) => state[count] > (states[index - 1]?.[count] ?? 0)).map(({ at }) => at);
}
