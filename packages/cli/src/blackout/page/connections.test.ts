import { describe, expect, it } from 'vitest';
import { ConnectionLog, type SocketSample, stateAt } from './connections.js';

const well = (id: number): SocketSample => ({ id, connecting: false, retransmits: 0, probes: 0, unacked: 0 });

function logOf(...samples: readonly (readonly SocketSample[])[]): ConnectionLog {
  const log = new ConnectionLog();
  samples.forEach((sockets, index) => {
    log.note({ at: index * 250, sockets });
  });
  return log;
}

describe('the log of connections', () => {
  it('keeps of each what has changed, when it was last seen, and whether it is gone', () => {
    const log = logOf(
      [well(0), well(1)],
      [well(0), { ...well(1), probes: 1 }],
      [well(0), { ...well(1), probes: 1 }],
      [well(0)],
    );
    expect(log.snapshot()).toEqual([
      {
        id: 0,
        states: [{ at: 0, connecting: false, retransmits: 0, probes: 0, unacked: 0 }],
        seenAt: 750,
        closed: false,
      },
      {
        id: 1,
        states: [
          { at: 0, connecting: false, retransmits: 0, probes: 0, unacked: 0 },
          { at: 250, connecting: false, retransmits: 0, probes: 1, unacked: 0 },
        ],
        seenAt: 500,
        closed: true,
      },
    ]);
  });

  it('does not change what it has given away', () => {
    const log = logOf([well(0)]);
    const [before] = log.snapshot();
    log.note({ at: 250, sockets: [{ ...well(0), unacked: 3 }] });
    expect(before?.states).toHaveLength(1);
  });
});

it('a connection’s state at a moment is the last that was told until then, and none before it came or after it went', () => {
  const [connection] = logOf([], [well(0)], [{ ...well(0), retransmits: 2 }], []).snapshot();
  if (!connection) throw new Error('no connection');
  expect([249, 250, 499, 500, 501].map((at) => stateAt(connection, at)?.retransmits)).toEqual([
    undefined,
    0,
    0,
    2,
    undefined,
  ]);
});
