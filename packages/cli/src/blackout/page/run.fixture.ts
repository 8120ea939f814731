import type { BlackoutReport } from '../report.js';
import { Tally } from '../tally.js';
import type { Connection, ConnectionState } from './connections.js';
import type { RecordedContender, Recording } from './recording.js';

const START = 1_000_000;
const OUTAGE = { cutAt: START + 3_000, healAt: START + 23_000 };
const END = START + 30_000;

/** When each was sent and when and how it ended, if it did, in milliseconds from the start. */
const STOCK = [[-500, -300], [0, 10], [100, 1100], [4_000, 28_000], [5_000, 29_000], [22_000]] as const;
const OURS = [[-500, -300], [0, 10], [100, 1100], [4_000, 13_000, 'ETIMEDOUT'], [22_000, 23_500], [29_900]] as const;

type Sent = readonly [sentAt: number, endedAt?: number, code?: string];

function tallyOf(queries: readonly Sent[]): Tally {
  const tally = new Tally();
  queries.forEach(([sentAt, endedAt, code], id) => {
    tally.note({ event: 'sent', id, at: START + sentAt });
    if (endedAt === undefined) return;
    const at = START + endedAt;
    tally.note(code === undefined ? { event: 'answered', id, at } : { event: 'failed', id, at, code });
  });
  return tally;
}

function connection(id: number, ...states: readonly ConnectionState[]): Connection {
  return { id, states: states.map((state) => ({ ...state, at: START + state.at })), seenAt: END, closed: false };
}

const WELL = { connecting: false, retransmits: 0, probes: 0, unacked: 0 };

function contender(name: string, tally: Tally): RecordedContender {
  const connections = [
    connection(0, { at: 0, ...WELL }, { at: 3_250, ...WELL, unacked: 1, retransmits: 1 }, { at: 23_000, ...WELL }),
    connection(1, { at: 0, ...WELL }, { at: 9_000, ...WELL, probes: 1 }, { at: 10_000, ...WELL, probes: 2 }),
  ];
  return { name, requests: tally.queriesUpTo(END), connections };
}

const TALLIES = { 'pg.Pool': tallyOf(STOCK), '@lifeguard/pg': tallyOf(OURS) };

/** Of a small run, in which every kind of thing has happened. */
export const RECORDING: Recording = {
  contenders: Object.entries(TALLIES).map(([name, tally]) => contender(name, tally)),
  startAt: START,
  endAt: END,
  endedOn: new Date('2026-01-02T03:04:05Z'),
  outage: OUTAGE,
  sysctls: undefined,
};

/** Of the same run. */
export const REPORT: BlackoutReport = {
  scenario: 'silent-cut',
  driver: 'pg',
  cutSeconds: 20,
  tcp: { userTimeoutMillis: 10_000 },
  pools: Object.entries(TALLIES).map(([name, tally]) => ({
    name,
    ...tally.measure(END, OUTAGE),
    tcp: { keepAlive: true },
  })),
  computed: null,
};
