import { createHash } from 'node:crypto';
import type { ComparisonReport } from '../comparison.js';
import type { BlackoutReport } from '../report.js';
import { readAsset } from './assets.js';
import { dataOf } from './data.js';
import { Figures } from './figures.js';
import { legend } from './legend.js';
import { Markup, markup } from './markup.js';
import type { Provenance } from './provenance.js';
import type { Recording } from './recording.js';
import { contendersOf, type Story, tellStory } from './story.js';
import { measuresTable, momentsTable, optionsTable } from './tables.js';

/** What a page is made of. */
export interface PageContent {
  readonly report: BlackoutReport | ComparisonReport;
  readonly recording: Recording;
  readonly provenance: Provenance;
  /** The command line that made it. */
  readonly command: string;
}

/** One HTML file with everything in it: it loads nothing and runs no script. */
export function makePage(content: PageContent): string {
  const { report, recording, provenance, command } = content;
  const story = tellStory(report);
  const contenders = contendersOf(story);
  const figures = new Figures(recording, story.words);
  const recorded = recording.contenders.map((contender, index) => ({ contender, report: contenders[index] }));
  const styles = ['timeline.css', 'page.css'].map(readAsset).join('\n');
  const data = Buffer.from(dataOf(content)).toString('base64');
  const cards = recorded.map(({ contender, report }, index) =>
    report === undefined
      ? undefined
      : markup`<article class="card" data-contender="${contender.name}">
<h2>${contender.name}</h2>
${figures.draw(contender, report, `fault-${index}`)}
<details><summary>The same in numbers</summary>${momentsTable(contender, recording)}</details>
</article>\n`,
  );
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyFor(styles)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>lifeguard blackout: ${story.headline}</title>
<link rel="icon" href="${ICON}">
<style>${new Markup(styles)}</style>
</head>
<body>
<header>
<p class="brand">${BUOY} lifeguard blackout</p>
<h1>${story.headline}</h1>
<p>${story.subject}</p>
<p>${dateOf(recording.endedOn)}</p>
<pre><code>${command}</code></pre>
</header>
<main>
<section class="cards" aria-label="What became of each request and of each connection">${cards}</section>
<div class="notes ${contenders.length > 2 ? 'many' : ''}">
<section class="card" aria-labelledby="measured"><h2 id="measured">What was measured</h2>
${measuresTable(contenders, story.measures)}
${story.terms.map((term) => markup`<p>${term}</p>`)}
</section>
<section class="card" aria-labelledby="reading"><h2 id="reading">How to read the pictures</h2>
${legend()}</section>
<section class="card" aria-labelledby="options"><h2 id="options">Options of their sockets</h2>
${optionsTable(contenders)}
<p>Of one socket of each, read back from the kernel.</p></section>
${story.computed && computedSection(story.computed)}
<section class="card" aria-labelledby="machine"><h2 id="machine">Where it ran</h2>
<dl class="facts">${provenance.map(([title, text]) => markup`<dt>${title}</dt><dd>${text}</dd>`)}</dl></section>
</div>
</main>
<footer><a download="blackout.json" href="data:application/json;base64,${data}">All that was recorded, as JSON</a></footer>
</body>
</html>
`.text;
}

function computedSection({ sentence, cases }: NonNullable<Story['computed']>): Markup {
  return markup`<section class="card" aria-labelledby="computed"><h2 id="computed">What would have been</h2>
<p>${sentence}</p>
<ul>${cases.map((each) => markup`<li>${each}</li>`)}</ul></section>`;
}

/** The page’s own style sheet, and nothing else. */
function policyFor(styles: string): string {
  const hash = createHash('sha256').update(styles).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
}

function dateOf(date: Date): string {
  return `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date)} UTC`;
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cg fill='none' stroke='%23d9480f' stroke-width='4'%3E%3Ccircle cx='8' cy='8' r='5.5' stroke='%23fff'/%3E%3Ccircle cx='8' cy='8' r='5.5' stroke-dasharray='4.32'/%3E%3C/g%3E%3C/svg%3E";

const BUOY = markup`<svg class="buoy" viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="5.5"/><circle cx="8" cy="8" r="5.5" stroke-dasharray="4.32"/></svg>`;
