import { styleText } from 'node:util';
import Table from 'cli-table3';
import { inWords } from '../doctor/duration.js';
import type { ClientSocket } from './client-socket.js';

/** The connections of a process at one moment: what `lifeguard watch --json` prints. */
export interface Snapshot {
  readonly pid: number;
  /** Of the program. */
  readonly name: string;
  /** ISO 8601. */
  readonly at: string;
  /** Those in trouble first. */
  readonly sockets: readonly ClientSocket[];
}

/** Where it is shown. */
export interface Terminal {
  readonly colours: boolean;
  /** What does not fit is left out. */
  readonly rows: number;
  readonly columns: number;
}

/** Heading, blank line, the columns' names, the line about those left out, and one for the cursor. */
const OTHER_ROWS = 5;

/** A snapshot for people. */
export function formatSnapshot({ pid, name, at, sockets }: Snapshot, terminal?: Terminal): string {
  const shown = sockets.slice(0, terminal ? Math.max(1, terminal.rows - OTHER_ROWS) : undefined);
  const heading = `${name} (${pid}): ${count(sockets)}, ${at.slice(11, 19)} UTC`;
  const columns = HEAD.filter((name) => name !== 'pool' || sockets.some(({ pool }) => pool !== null));
  const rest = sockets.length > shown.length ? [`and ${sockets.length - shown.length} more`] : [];
  return [heading, ...(shown.length > 0 ? ['', ...formatRows(shown, columns, terminal)] : []), ...rest].join('\n');
}

function count(sockets: readonly ClientSocket[]): string {
  const suspects = sockets.filter(({ verdict }) => verdict === 'suspect').length;
  return `${sockets.length} client connection${sockets.length === 1 ? '' : 's'}, ${suspects} suspect`;
}

const HEAD = [
  'verdict',
  'peer',
  'pool',
  'state',
  'silent',
  'sent',
  'received',
  'unacked',
  'retrans',
  'probes',
  'next look',
  'rtt',
] as const;

type Column = (typeof HEAD)[number];

const COLOURS = { suspect: 'red', dead: 'yellow', unknown: 'cyan', alive: 'green' } as const;

function formatRows(
  sockets: readonly ClientSocket[],
  columns: readonly Column[],
  terminal: Terminal | undefined,
): string[] {
  const table = new Table({
    head: [...columns],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: BARE,
  });
  for (const socket of sockets) {
    const row = cells(socket);
    table.push(columns.map((name) => row[name]));
  }
  const lines = table.toString().split('\n');
  // Wrapped lines could not be told from rows.
  const fitting = lines.map((line) => line.trimEnd().slice(0, terminal?.columns));
  if (!terminal?.colours) return fitting;
  return fitting.map((line, row) => {
    const verdict = sockets[row - 1]?.verdict;
    return verdict ? styleText(COLOURS[verdict], line) : line;
  });
}

function cells(socket: ClientSocket): Readonly<Record<Column, string>> {
  const { peer, pool, verdict, state, unacked, retransmits, totalRetransmits, probes, rttMillis } = socket;
  const since = (millis: number) => (verdict === 'unknown' ? '' : inWords(millis));
  return {
    verdict,
    peer,
    pool: shorten(pool ?? ''),
    state,
    silent: since(socket.silentMillis),
    sent: since(socket.lastDataSentMillis),
    received: since(socket.lastDataReceivedMillis),
    unacked: String(unacked),
    retrans: `${retransmits}/${totalRetransmits}`,
    probes: String(probes),
    'next look': describeTimer(socket),
    rtt: rttMillis === null ? '' : `${rttMillis.toFixed(2)} ms`,
  };
}

const LONGEST_NAME = 24;

function shorten(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}

const TIMERS: Readonly<Record<string, string>> = { on: 'retransmission', persist: 'window probe' };

function describeTimer({ timer }: ClientSocket): string {
  return timer === null ? 'never: keepalive off' : `${TIMERS[timer.name] ?? timer.name} in ${inWords(timer.millis)}`;
}

/** A table without a frame. */
const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
