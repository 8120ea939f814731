import { styleText } from 'node:util';
import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import { now } from './clock.js';
import { formatPairs } from './paired-table.js';
import { type Counts, STUCK_AFTER_MILLIS, type Tally } from './tally.js';

/** Where a view is written: stdout or stderr. */
export type ViewStream = NodeJS.WriteStream;

interface Followed {
  readonly name: string;
  /** Those of one driver are shown side by side, if there are several. */
  readonly driver: string;
  readonly tally: Tally;
}

/** One of them at one moment, and what has been added since the last. */
interface Row {
  readonly name: string;
  readonly driver: string;
  readonly counts: Counts;
  readonly answeredNow: number;
  readonly failedNow: number;
}

const NOTHING: Counts = { sent: 0, answered: 0, failed: 0, waiting: 0, stuck: 0 };

const SECOND = 1000;

/** Shows a run while it goes on: a table that changes each second on a terminal, a line each second elsewhere. */
export class View {
  readonly #stream: ViewStream;
  readonly #table: ReturnType<typeof createLogUpdate> | undefined;
  #followed: readonly Followed[] = [];
  /** What was shown last. */
  readonly #shown = new Map<Tally, Counts>();
  #phase: { readonly name: string; readonly startedAt: number; readonly seconds: number | undefined } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: ViewStream) {
    this.#stream = stream;
    // Some terminals, of the kind that programs make, don't know how wide they are.
    this.#table = stream.isTTY && stream.columns > 0 ? createLogUpdate(stream) : undefined;
  }

  /** Something that takes a moment is being done. */
  say(doing: string): void {
    this.#stream.write(`${doing}\n`);
  }

  /** From now on shows what becomes of their queries, second by second. */
  follow(followed: readonly Followed[]): void {
    this.#followed = followed;
    this.#timer = setInterval(() => this.#show(), SECOND);
  }

  /** What goes on from now, and for how long if that is known. */
  phase(name: string, seconds?: number): void {
    this.#phase = { name, startedAt: now(), seconds };
  }

  /** Leaves the terminal as it should be. */
  done(): void {
    clearInterval(this.#timer);
    this.#table?.done();
  }

  #show(): void {
    const moment = now();
    const rows = this.#followed.map((followed) => this.#row(followed, moment));
    const { table, line } = rows.length > 2 ? BY_DRIVER : ONE_BY_ONE;
    if (this.#table) this.#table(`\n${this.#heading(moment)}\n\n${table(rows, this.#stream.hasColors())}`);
    else this.#stream.write(`${this.#heading(moment)} | ${line(rows)}\n`);
  }

  #row({ name, driver, tally }: Followed, moment: number): Row {
    const counts = tally.countsAt(moment);
    const before = this.#shown.get(tally) ?? NOTHING;
    this.#shown.set(tally, counts);
    return {
      name,
      driver,
      counts,
      answeredNow: counts.answered - before.answered,
      failedNow: counts.failed - before.failed,
    };
  }

  #heading(moment: number): string {
    if (this.#phase === undefined) return '';
    const { name, startedAt, seconds } = this.#phase;
    const elapsed = `${name}, ${Math.round((moment - startedAt) / SECOND)} s`;
    return seconds === undefined ? elapsed : `${elapsed} of ${seconds} s`;
  }
}

/** How rows are written: as a table, and in one line. */
interface Format {
  readonly table: (rows: readonly Row[], colours: boolean) => string;
  readonly line: (rows: readonly Row[]) => string;
}

const ONE_BY_ONE: Format = { table: formatTable, line: (rows) => rows.map(formatRow).join(' | ') };

const BY_DRIVER: Format = { table: formatDriverTable, line: formatDriverLine };

function formatRow({ name, counts, answeredNow, failedNow }: Row): string {
  const { answered, failed, waiting, stuck } = counts;
  return `${name}: answered ${answered} (+${answeredNow}), failed ${failed} (+${failedNow}), waiting ${waiting}, stuck ${stuck}`;
}

const STUCK = `stuck (> ${STUCK_AFTER_MILLIS / SECOND} s)`;

/** Nothing that is 0 is painted. */
function painter(colours: boolean) {
  return (colour: 'green' | 'red' | 'yellow', n: number, text = String(n)) =>
    colours && n > 0 ? styleText(colour, text) : text;
}

function formatTable(rows: readonly Row[], colours: boolean): string {
  const paint = painter(colours);
  const table = new Table({
    head: ['', 'answered', 'failed', 'waiting', STUCK],
    colWidths: [Math.max(16, ...rows.map(({ name }) => name.length + 2)), 16, 16, 10, 18],
    style: { head: [], border: [] },
  });
  for (const { name, counts, answeredNow, failedNow } of rows) {
    table.push([
      name,
      `${counts.answered} ${paint('green', answeredNow, `+${answeredNow}`)}`,
      `${counts.failed} ${paint('yellow', failedNow, `+${failedNow}`)}`,
      counts.waiting,
      paint('red', counts.stuck),
    ]);
  }
  return table.toString();
}

/** A row for each driver, so that all find room on a screen. */
function formatDriverTable(rows: readonly Row[], colours: boolean): string {
  const paint = painter(colours);
  return formatPairs(
    ['answered', 'failed', STUCK],
    [...byDriver(rows)].map(([driver, pair]) => [
      driver,
      ...pair.map(({ answeredNow }) => paint('green', answeredNow, `+${answeredNow}`)),
      ...pair.map(({ failedNow }) => paint('yellow', failedNow, `+${failedNow}`)),
      ...pair.map(({ counts }) => paint('red', counts.stuck)),
    ]),
  );
}

/** Of each second what was answered; what is stuck, if anything is. */
function formatDriverLine(rows: readonly Row[]): string {
  const drivers = [...byDriver(rows)].map(([driver, pair]) => `${driver} ${pair.map(shortly).join(' / ')}`);
  return `stock / ours: ${drivers.join(', ')}`;
}

function shortly({ answeredNow, failedNow, counts }: Row): string {
  const words = [`+${answeredNow}`, ...(failedNow > 0 ? [`${failedNow} failed`] : [])];
  return [...words, ...(counts.stuck > 0 ? [`${counts.stuck} stuck`] : [])].join(' ');
}

function byDriver(rows: readonly Row[]): Map<string, Row[]> {
  const drivers = new Map<string, Row[]>();
  for (const row of rows) drivers.set(row.driver, [...(drivers.get(row.driver) ?? []), row]);
  return drivers;
}
