import { STUCK_AFTER_MILLIS } from '../tally.js';
import { drawConnections } from './connections-drawing.js';
import { type Frame, px } from './frame.js';
import { type Markup, markup } from './markup.js';
import { conditionAt, OUTCOME_WORDS, OUTCOMES, type Outcome, outcomeOf } from './outcome.js';
import type { RecordedContender } from './recording.js';
import { drawRequests, MARKS } from './requests-drawing.js';

/** What the fault is called at its beginning and at its end. */
export interface FaultWords {
  readonly begins: string;
  readonly ends: string;
}

interface Timeline {
  /** The content of an `<svg>`. */
  readonly markup: Markup;
  readonly height: number;
}

const TOP = 20;
const GAP = 24;
const AXIS = 22;
const LINE = 17;
/** More than a letter is wide, on average. */
const LETTER = 6.5;

/**
 * Draws what became of each request of a contender, and below it of each of its connections; the fault is shaded.
 * @param id of the shading; unlike every other's in the document
 */
export function drawTimeline(contender: RecordedContender, frame: Frame, words: FaultWords, id: string): Timeline {
  const { width, requestsHeight } = frame.size;
  const lanesTop = TOP + requestsHeight + GAP;
  const lanes = drawConnections(contender, frame);
  const bottom = lanesTop + lanes.height + 4;
  const told = contender.connections.length > 0;
  return {
    height: bottom + AXIS,
    markup: markup`
<defs><pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect class="shade" width="6" height="6"/><path class="hatch" d="M0 0V6"/></pattern></defs>
<rect class="ground" y="${TOP}" width="${width}" height="${requestsHeight}" rx="4"/>
<rect class="ground" y="${lanesTop}" width="${width}" height="${lanes.height + 4}" rx="4"/>
${drawFault(frame, words, id, lanesTop, bottom)}
${drawAxis(frame, bottom)}
<g transform="translate(0 ${TOP})">${drawRequests(contender, frame)}${drawCaption(contender, frame)}</g>
<text class="label" x="2" y="${lanesTop - 7}">${told ? 'its connections, as the kernel has them' : 'its connections: the kernel of this machine does not tell'}</text>
<g transform="translate(0 ${lanesTop + 2})">${lanes.markup}</g>`,
  };
}

function drawFault(frame: Frame, words: FaultWords, id: string, lanesTop: number, bottom: number): Markup {
  const { outage } = frame.recording;
  if (!outage) return markup``;
  const [from, to] = [frame.x(outage.cutAt), frame.x(outage.healAt)];
  const box = (top: number, height: number) =>
    markup`<rect fill="url(#${id})" x="${px(from)}" y="${top}" width="${px(to - from)}" height="${px(height)}"/>`;
  const ends = words.ends.length * LETTER < frame.size.width - to ? words.ends : 'over';
  const edge = `M${px(from)} 4V${bottom}M${px(to)} 4V${bottom}`;
  return markup`${box(TOP, frame.size.requestsHeight)}${box(lanesTop, bottom - lanesTop)}<path class="edge" d="${edge}"/>
<text class="label fault" x="${px(from + 4)}" y="13">${words.begins}</text>
<text class="label fault" x="${px(to + 4)}" y="13">${ends}</text>`;
}

function drawAxis(frame: Frame, bottom: number): Markup {
  const ticks = frame.ticks();
  const grid = ticks.map(({ x }) => `M${px(x)} ${TOP}V${bottom}`).join('');
  const labels = ticks.map(
    ({ x, label }) => markup`<text class="label tick" x="${px(x)}" y="${bottom + 15}">${label}</text>`,
  );
  return markup`<path class="grid" d="${grid}"/>${labels}`;
}

/** In the corner where no request can be: those of the lower rows were sent late. */
function drawCaption({ requests }: RecordedContender, frame: Frame): Markup {
  const { outage, endAt } = frame.recording;
  const count = (outcome: Outcome) => requests.filter((request) => outcomeOf(request) === outcome).length;
  const stuck = requests.filter((request) => conditionAt(request, outage?.healAt ?? endAt) === 'stuck').length;
  const lines = [
    ...OUTCOMES.map((outcome) => ({
      sign: markup`<path class="mark ${outcome}" d="${MARKS[outcome](9, 0)}"/>`,
      text: `${count(outcome)} ${OUTCOME_WORDS[outcome]}`,
    })),
    ...(outage
      ? [
          {
            sign: markup`<path class="stuck" d="M3 0H15"/>`,
            text: `${stuck} stuck (> ${STUCK_AFTER_MILLIS / 1000} s) when the fault ended`,
          },
        ]
      : []),
  ];
  const top = frame.size.requestsHeight - LINE * lines.length;
  return markup`<g class="caption">${lines.map(
    ({ sign, text }, index) =>
      markup`<g transform="translate(6 ${top + LINE * index})">${sign}<text x="22" y="4">${text}</text></g>`,
  )}</g>`;
}
