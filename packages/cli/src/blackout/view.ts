import { styleText } from 'node:util';
import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import { now } from './clock.js';
import { type Counts, STUCK_AFTER_MILLIS, type Tally } from './tally.js';

/** Where a view is written: stdout or stderr. */
export type ViewStream = NodeJS.WriteStream;

interface Followed {
  readonly name: string;
  readonly tally: Tally;
}

/** One pool at one moment, and what has been added since the last. */
interface Row {
  readonly name: string;
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
  /** By the pool's name: what was shown last. */
  readonly #shown = new Map<string, Counts>();
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
    const rows = this.#followed.map(({ name, tally }) => this.#row(name, tally.countsAt(moment)));
    if (this.#table) this.#table(`\n${this.#heading(moment)}\n\n${formatTable(rows, this.#stream.hasColors())}`);
    else this.#stream.write(`${this.#heading(moment)} | ${rows.map(formatRow).join(' | ')}\n`);
  }

  #row(name: string, counts: Counts): Row {
    const before = this.#shown.get(name) ?? NOTHING;
    this.#shown.set(name, counts);
    return {
      name,
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

function formatRow({ name, counts, answeredNow, failedNow }: Row): string {
  const { answered, failed, waiting, stuck } = counts;
  return `${name}: answered ${answered} (+${answeredNow}), failed ${failed} (+${failedNow}), waiting ${waiting}, stuck ${stuck}`;
}

function formatTable(rows: readonly Row[], colours: boolean): string {
  const paint = (colour: 'green' | 'red' | 'yellow', n: number, text = String(n)) =>
    colours && n > 0 ? styleText(colour, text) : text;
  const table = new Table({
    head: ['', 'answered', 'failed', 'waiting', `stuck (> ${STUCK_AFTER_MILLIS / SECOND} s)`],
    colWidths: [16, 16, 16, 10, 18],
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
