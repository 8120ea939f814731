import { stateAt } from './connections.js';
import { conditionAt } from './outcome.js';
import { originOf, type RecordedContender, type Recording } from './recording.js';

/** A contender at a moment: the same that is drawn, in numbers. */
export interface Moment {
  /** From the fault on, in seconds. */
  readonly seconds: number;
  /** Since the moment before. */
  readonly answered: number;
  readonly failed: number;
  /** At that moment. */
  readonly waiting: number;
  readonly stuck: number;
  readonly connections: number;
  /** Of these, with data that the peer has not acknowledged. */
  readonly unacknowledged: number;
  /** In a row without an answer, the most of one connection. */
  readonly retransmissions: number;
  readonly probes: number;
}

const SECOND = 1000;
const STEPS_SECONDS = [1, 2, 5, 10, 30, 60];
const MOST_MOMENTS = 120;

/** Every second of a run, or as many as can still be read. */
export function momentsOf(contender: RecordedContender, recording: Recording): Moment[] {
  const { startAt, endAt } = recording;
  const origin = originOf(recording);
  const length = (endAt - startAt) / SECOND;
  const step = STEPS_SECONDS.find((seconds) => length / seconds <= MOST_MOMENTS) ?? 60;
  const first = Math.ceil((startAt - origin) / SECOND / step);
  const last = Math.ceil((endAt - origin) / SECOND / step);
  let before = { answered: 0, failed: 0 };
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const seconds = (first + index) * step;
    // The last one is the end itself: what ended then is in its counts.
    const at = Math.min(origin + seconds * SECOND, endAt);
    const { answered, failed, waiting, stuck } = countRequests(contender, at);
    const added = { answered: answered - before.answered, failed: failed - before.failed };
    before = { answered, failed };
    return { seconds: (at - origin) / SECOND, ...added, waiting, stuck, ...countConnections(contender, at) };
  });
}

function countRequests({ requests }: RecordedContender, moment: number) {
  const counts = { answered: 0, failed: 0, waiting: 0, stuck: 0 };
  for (const request of requests) {
    const condition = conditionAt(request, moment);
    if (condition) counts[condition] += 1;
  }
  return counts;
}

function countConnections({ connections }: RecordedContender, moment: number) {
  const states = connections.flatMap((connection) => stateAt(connection, moment) ?? []);
  return {
    connections: states.length,
    unacknowledged: states.filter(({ unacked }) => unacked > 0).length,
    retransmissions: Math.max(0, ...states.map(({ retransmits }) => retransmits)),
    probes: Math.max(0, ...states.map(({ probes }) => probes)),
  };
}
