import { type Query, STUCK_AFTER_MILLIS } from '../tally.js';
import { type Frame, px } from './frame.js';
import { type Markup, markup } from './markup.js';
import { OUTCOMES, type Outcome, outcomeOf } from './outcome.js';
import type { RecordedContender } from './recording.js';

/** What ends the line of a request; each is one subpath, which begins with the only `M`. */
export const MARKS: Readonly<Record<Outcome, (x: number, y: number) => string>> = {
  // A line of no length with round ends.
  answered: (x, y) => `M${px(x)} ${px(y)}h0`,
  failed: (x, y) => `M${px(x - 2)} ${px(y - 2)}l4 4m0 -4l-4 4`,
  open: (x, y) => `M${px(x - 2)} ${px(y - 2.5)}l5 2.5l-5 2.5z`,
};

/** A row for each request, the first sent at the top: a line for as long as it waited, and a mark for what ended that. */
export function drawRequests({ requests }: RecordedContender, frame: Frame): Markup {
  const rows = requests.map((request, row) => ({ request, y: frame.rowMiddle(row), outcome: outcomeOf(request) }));
  const waits = OUTCOMES.map((outcome) => {
    const path = rows.filter((row) => row.outcome === outcome).map(({ request, y }) => waitOf(request, y, frame));
    return markup`<path class="wait ${outcome}" d="${path.join('')}"/>`;
  });
  const stuck = rows.map(({ request, y }) => stuckPartOf(request, y, frame)).join('');
  const marks = OUTCOMES.map((outcome) => {
    const path = rows
      .filter((row) => row.outcome === outcome)
      .map(({ request, y }) => markOf(request, y, outcome, frame));
    return markup`<path class="mark ${outcome}" d="${path.join('')}"/>`;
  });
  const width = px(Math.max(0.4, frame.rowHeight * 0.85));
  return markup`<g class="waits" stroke-width="${width}">${waits}<path class="stuck" d="${stuck}"/></g>${marks}`;
}

function endOf({ end }: Query, { recording }: Frame): number {
  return end?.at ?? recording.endAt;
}

function waitOf(request: Query, y: number, frame: Frame): string {
  return line(frame.x(request.sentAt), frame.x(endOf(request, frame)), y);
}

/** None if it ended before. */
function stuckPartOf(request: Query, y: number, frame: Frame): string {
  return line(frame.x(request.sentAt + STUCK_AFTER_MILLIS), frame.x(endOf(request, frame)), y);
}

function markOf(request: Query, y: number, outcome: Outcome, frame: Frame): string {
  return MARKS[outcome](frame.x(endOf(request, frame)), y);
}

/** None where there is no length, or so little that the mark would cover it. */
function line(from: number, to: number, y: number): string {
  return to - from < 1 ? '' : `M${px(from)} ${px(y)}H${px(to)}`;
}
