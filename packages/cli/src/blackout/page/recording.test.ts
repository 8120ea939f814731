import { expect, it } from 'vitest';
import type { Sysctls } from '../../doctor/sysctls.js';
import { Tally } from '../tally.js';
import { ConnectionLog } from './connections.js';
import { originOf, recordingOf } from './recording.js';

const SYSCTLS = { tcp_retries2: 15 } as Sysctls;

function witness(name: string) {
  const tally = new Tally();
  tally.note({ event: 'sent', id: 0, at: 100 });
  tally.note({ event: 'sent', id: 1, at: 200 });
  tally.note({ event: 'answered', id: 0, at: 150 });
  tally.note({ event: 'failed', id: 1, at: 1_100, code: 'ETIMEDOUT' });
  tally.note({ event: 'sent', id: 2, at: 1_050 });
  const log = new ConnectionLog();
  log.note({ at: 120, sockets: [{ id: 0, connecting: true, retransmits: 0, probes: 0, unacked: 1 }] });
  return { name, tally, log, sysctls: SYSCTLS };
}

it('a recording has what was seen until the end, and nothing of what came later', () => {
  const recording = recordingOf([witness('a'), witness('b')], { startAt: 90, endAt: 1_000 });
  expect(recording).toMatchObject({ startAt: 90, endAt: 1_000, sysctls: SYSCTLS });
  expect(recording.contenders.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(recording.contenders[0]).toMatchObject({
    requests: [{ sentAt: 100, end: { at: 150, error: undefined } }, { sentAt: 200 }],
    connections: [{ id: 0, states: [{ at: 120, connecting: true }], closed: false }],
  });
  expect(recording.contenders[0]?.requests[1]).not.toHaveProperty('end');
});

it('its times are told from the fault on, or from the start where there was none', () => {
  const outage = { cutAt: 300, healAt: 600 };
  expect(originOf(recordingOf([], { startAt: 90, endAt: 1_000, outage }))).toBe(300);
  expect(originOf(recordingOf([], { startAt: 90, endAt: 1_000 }))).toBe(90);
});
