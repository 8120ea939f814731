import type { Sysctls } from '../../doctor/sysctls.js';
import type { Outage, Query, Tally } from '../tally.js';
import type { Connection, ConnectionLog } from './connections.js';

/** All that was seen of one contender. Times are by `now()`. */
export interface RecordedContender {
  readonly name: string;
  /** In the order in which they were sent. */
  readonly requests: readonly Query[];
  /** Empty where the kernel can't be asked. */
  readonly connections: readonly Connection[];
}

/** All that was seen in a run. Times are by `now()`. */
export interface Recording {
  readonly contenders: readonly RecordedContender[];
  /** When the steady workload began. The requests that opened the connections had been sent before. */
  readonly startAt: number;
  readonly endAt: number;
  /** The date of `endAt`. */
  readonly endedOn: Date;
  readonly outage?: Outage;
  /** Of the network that the contenders were in; `undefined` outside Linux. */
  readonly sysctls: Sysctls | undefined;
}

/** What is recorded of a service. */
interface Witness {
  readonly name: string;
  readonly tally: Tally;
  readonly log: ConnectionLog;
  readonly sysctls: Sysctls | undefined;
}

/** What they have seen, when a run has just ended. */
export function recordingOf(
  witnesses: readonly Witness[],
  { startAt, endAt, outage }: { readonly startAt: number; readonly endAt: number; readonly outage?: Outage },
): Recording {
  return {
    contenders: witnesses.map(({ name, tally, log }) => ({
      name,
      requests: tally.queriesUpTo(endAt),
      connections: log.snapshot(),
    })),
    startAt,
    endAt,
    endedOn: new Date(),
    ...(outage && { outage }),
    sysctls: witnesses.find(({ sysctls }) => sysctls)?.sysctls,
  };
}

/** Times are told from the fault on; from the start, if there was none. */
export function originOf({ outage, startAt }: Recording): number {
  return outage?.cutAt ?? startAt;
}
