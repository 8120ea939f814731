import type { PoolReport } from '../report.js';
import { Frame, type Size } from './frame.js';
import { type Markup, markup } from './markup.js';
import type { RecordedContender, Recording } from './recording.js';
import { drawTimeline, type FaultWords } from './timeline.js';

/** One for a card on a desk, one for a telephone; the page shows which fits. */
const SIZES = {
  wide: { width: 600, requestsHeight: 320 },
  narrow: { width: 350, requestsHeight: 260 },
} as const satisfies Readonly<Record<string, Size>>;

/** Draws the contenders of a recording for a page. */
export class Figures {
  readonly #frames: readonly (readonly [kind: string, frame: Frame])[];
  readonly #words: FaultWords;

  constructor(recording: Recording, words: FaultWords) {
    this.#frames = Object.entries(SIZES).map(([kind, size]) => [kind, new Frame(recording, size)]);
    this.#words = words;
  }

  /** @param id of the contender, unlike every other's */
  draw(contender: RecordedContender, report: PoolReport, id: string): Markup {
    const label = describe(report);
    return markup`${this.#frames.map(([kind, frame]) => {
      const { markup: content, height } = drawTimeline(contender, frame, this.#words, `${id}-${kind}`);
      return markup`<svg class="timeline ${kind}" viewBox="0 0 ${frame.size.width} ${height}" role="img" aria-label="${label}">${content}</svg>\n`;
    })}`;
  }
}

/** The drawing in a sentence. */
export function describe({ name, sent, answered, failed }: PoolReport): string {
  const open = sent - answered - failed;
  return (
    `Timeline of ${name}: of ${sent} requests ${answered} were answered, ${failed} failed, ${open} had neither when the run ` +
    'ended. The same in numbers is in the table below.'
  );
}
