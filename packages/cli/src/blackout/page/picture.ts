import { readAsset } from './assets.js';
import { Frame, px } from './frame.js';
import { keys } from './legend.js';
import { Markup, markup } from './markup.js';
import type { PageContent } from './page.js';
import { contendersOf, tellStory } from './story.js';
import { drawTimeline } from './timeline.js';

const COLUMN = 430;
const GUTTER = 20;
const MARGIN = 14;
const WIDTH = 2 * (COLUMN + MARGIN) + GUTTER;
const TOP = 70;
const NAME = 24;
const KEYS = 30;

/** The drawings of a run as one SVG, two beside each other, such as a README shows. It loads nothing. */
export function makePicture({ report, recording, command }: PageContent): string {
  const story = tellStory(report);
  const names = contendersOf(story).map(({ name }) => name);
  const frame = new Frame(recording, { width: COLUMN, requestsHeight: 260 });
  const drawings = recording.contenders.map((contender, index) =>
    drawTimeline(contender, frame, story.words, `fault-${index}`),
  );
  const rowHeight = NAME + Math.max(...drawings.map(({ height }) => height)) + GUTTER;
  const height = TOP + Math.ceil(drawings.length / 2) * rowHeight + KEYS;
  const cells = drawings.map((drawing, index) => {
    const x = MARGIN + (index % 2) * (COLUMN + GUTTER);
    const y = TOP + Math.floor(index / 2) * rowHeight;
    return markup`<g transform="translate(${x} ${y})"><text class="name" x="2" y="12">${names[index]}</text>
<g transform="translate(0 ${NAME})">${drawing.markup}</g></g>\n`;
  });
  return markup`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>${story.headline}</title>
<style>${new Markup(`${readAsset('timeline.css')}\n${readAsset('picture.css')}`)}</style>
<rect class="page" width="${WIDTH}" height="${height}" rx="8"/>
${line('headline', 30, 18, story.headline)}
${line('subject', 50, 12, `${command}; each line is a request, those sent later are lower`)}
${cells}<g transform="translate(${MARGIN} ${height - KEYS})">${keys()}</g>
</svg>
`.text;
}

/** More than a letter is wide, on average, in terms of its height. */
const LETTER = 0.58;

/** Text on one line, smaller if it would be too long. */
function line(name: string, y: number, size: number, text: string): Markup {
  const fitting = Math.min(size, (WIDTH - 2 * MARGIN) / (text.length * LETTER));
  return markup`<text class="${name}" x="${MARGIN + 2}" y="${y}" font-size="${px(fitting)}">${text}</text>`;
}
