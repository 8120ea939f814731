import { STUCK_AFTER_MILLIS } from '../tally.js';
import { SIGNS } from './connections-drawing.js';
import { type Markup, markup } from './markup.js';
import { OUTCOME_WORDS, OUTCOMES } from './outcome.js';
import { MARKS } from './requests-drawing.js';

interface Key {
  /** Drawn in 28 by 12 px. */
  readonly sign: Markup;
  readonly text: string;
}

const REQUESTS: readonly Key[] = [
  {
    sign: markup`<path class="wait failed" stroke-width="6" d="M0 6H14"/><path class="wait answered" stroke-width="6" d="M14 6H28"/>`,
    text: 'waiting',
  },
  {
    sign: markup`<path class="stuck" stroke-width="6" d="M0 6H28"/>`,
    text: `stuck: for more than ${STUCK_AFTER_MILLIS / 1000} s`,
  },
  ...OUTCOMES.map((outcome) => ({
    sign: markup`<path class="mark ${outcome}" d="${MARKS[outcome](14, 6)}"/>`,
    text: OUTCOME_WORDS[outcome],
  })),
];

const CONNECTIONS: readonly Key[] = [
  { sign: markup`<path class="connecting" d="M0 6H28"/>`, text: 'connecting' },
  { sign: markup`<path class="connected" d="M0 6H28"/>`, text: 'connected' },
  { sign: markup`<path class="unacked" d="M0 6H28"/>`, text: 'data unacknowledged' },
  { sign: markup`<path class="retransmission" d="${SIGNS.retransmission(14, 6)}"/>`, text: 'retransmission' },
  { sign: markup`<path class="probe" d="${SIGNS.probe(14, 6)}"/>`, text: 'unanswered probe' },
  { sign: markup`<path class="closed" d="${SIGNS.closed(14, 6)}"/>`, text: 'closed' },
];

/** How to read the drawings. */
export function legend(): Markup {
  return markup`<p>Each request is a line, from when it was sent until its end; those sent later are lower. What was before the
steady load, to open the connections, is at the left edge.</p>
<ul class="legend requests">${REQUESTS.map(entry)}</ul>
<p>Below, each connection is a line, as the kernel told of it four times a second. A mark is drawn where a count of retransmissions or of
unanswered probes in a row had grown.</p>
<ul class="legend connections">${CONNECTIONS.map(entry)}</ul>`;
}

function entry({ sign, text }: Key): Markup {
  return markup`<li><svg width="28" height="12" aria-hidden="true">${sign}</svg> ${text}</li>`;
}

const LETTER = 6.2;
const SPACE = 22;

/** The signs of connections in one line of a drawing. */
export function keys(): Markup {
  let x = 2;
  const drawn = CONNECTIONS.map(({ sign, text }) => {
    const key = markup`<g transform="translate(${x} 0)"><g class="connections">${sign}</g><text class="label" x="34" y="10">${text}</text></g>`;
    x += 34 + text.length * LETTER + SPACE;
    return key;
  });
  return markup`${drawn}`;
}
