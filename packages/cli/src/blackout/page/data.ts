import type { Connection } from './connections.js';
import type { PageContent } from './page.js';
import { originOf } from './recording.js';

/**
 * All that a page was made of, as JSON, for whoever wants to reckon it up again. Times are milliseconds from the fault on, or from
 * the start if there was none. A request is when it was sent, when it ended and its error's code; `null` for what did not come.
 */
export function dataOf({ report, recording, provenance, command }: PageContent): string {
  const time = (at: number) => Math.round((at - originOf(recording)) * 10) / 10;
  const dataOfConnection = ({ id, states, seenAt, closed }: Connection) => ({
    id,
    states: states.map(({ at, ...state }) => ({ at: time(at), ...state })),
    seenAt: time(seenAt),
    closed,
  });
  return JSON.stringify({
    command,
    provenance: Object.fromEntries(provenance),
    endedOn: recording.endedOn,
    endAt: time(recording.endAt),
    report,
    contenders: recording.contenders.map(({ name, requests, connections }) => ({
      name,
      requests: requests.map(({ sentAt, end }) => [time(sentAt), end ? time(end.at) : null, end?.error ?? null]),
      connections: connections.map(dataOfConnection),
    })),
  });
}
