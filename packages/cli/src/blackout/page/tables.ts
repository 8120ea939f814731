import { OPTION_NAMES, type PoolReport, type Row } from '../report.js';
import { type Markup, markup } from './markup.js';
import { momentsOf } from './moments.js';
import type { RecordedContender, Recording } from './recording.js';

interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  /** The first cell is the row's heading. */
  readonly rows: readonly (readonly (string | number)[])[];
}

/** It can be scrolled by itself, also with the keyboard, where it is wider than the screen. */
function tableOf({ caption, head, rows }: Table): Markup {
  return markup`<div class="table" role="region" aria-label="${caption}" tabindex="0"><table>
<caption class="unseen">${caption}</caption>
<thead><tr>${head.map((title, index) => (index === 0 && title === '' ? markup`<td></td>` : markup`<th scope="col">${breakable(title)}</th>`))}</tr></thead>
<tbody>${rows.map(([title = '', ...cells]) => markup`<tr><th scope="row">${breakable(title)}</th>${cells.map((cell) => markup`<td>${breakable(cell)}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** Names and error codes are long, for a telephone. */
function breakable(cell: string | number): readonly (string | Markup)[] {
  return String(cell)
    .split(/(?<=[_/])|(?<=[a-z])(?=[A-Z])/)
    .flatMap((part, index) => (index === 0 ? part : [markup`<wbr>`, part]));
}

/** A column for each of two, a row for each of many. */
export function measuresTable(contenders: readonly PoolReport[], measures: readonly Row[]): Markup {
  const caption = 'What was measured';
  const names = contenders.map(({ name }) => name);
  if (contenders.length <= 2) {
    const rows = measures.map(([title, cell]) => [title, ...contenders.map(cell)]);
    return tableOf({ caption, head: ['', ...names], rows });
  }
  const rows = contenders.map((contender) => [contender.name, ...measures.map(([, cell]) => cell(contender))]);
  return tableOf({ caption, head: ['', ...measures.map(([title]) => title)], rows });
}

/** The options of the sockets, as the kernel has them. */
export function optionsTable(contenders: readonly PoolReport[]): Markup {
  const value = ({ tcp }: PoolReport, name: (typeof OPTION_NAMES)[number]) =>
    String(tcp[name] ?? 'not to be read here');
  const caption = 'Options of one of their sockets, read back from the kernel';
  if (contenders.length <= 2) {
    const rows = OPTION_NAMES.map((name) => [name, ...contenders.map((contender) => value(contender, name))]);
    return tableOf({ caption, head: ['', ...contenders.map(({ name }) => name)], rows });
  }
  const rows = contenders.map((contender) => [contender.name, ...OPTION_NAMES.map((name) => value(contender, name))]);
  return tableOf({ caption, head: ['', ...OPTION_NAMES], rows });
}

const MOMENT_TITLES = {
  seconds: 'second',
  answered: 'answered since the row above',
  failed: 'failed since',
  waiting: 'waiting',
  stuck: 'stuck',
  connections: 'connections',
  unacknowledged: 'with unacknowledged data',
  retransmissions: 'retransmissions in a row, at most',
  probes: 'probes unanswered in a row, at most',
} as const;

/** The drawing of a contender in numbers. */
export function momentsTable(contender: RecordedContender, recording: Recording): Markup {
  const names = Object.keys(MOMENT_TITLES) as (keyof typeof MOMENT_TITLES)[];
  return tableOf({
    caption: `${contender.name}, moment by moment`,
    head: Object.values(MOMENT_TITLES),
    rows: momentsOf(contender, recording).map((moment) => names.map((name) => Math.round(moment[name] * 10) / 10)),
  });
}
