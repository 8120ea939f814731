import { describe, expect, it } from 'vitest';
import { momentsOf } from './moments.js';
import type { RecordedContender } from './recording.js';
import { RECORDING, REPORT } from './run.fixture.js';

describe('the moments of a run', () => {
  const [stock] = RECORDING.contenders as [RecordedContender];
  const moments = momentsOf(stock, RECORDING);
  const at = (seconds: number) => moments.find((moment) => moment.seconds === seconds);

  it('are its seconds from the fault on, and the last is its end', () => {
    expect(moments.map(({ seconds }) => seconds)).toEqual(Array.from({ length: 31 }, (_, index) => index - 3));
  });

  it('add up to what the report counts', () => {
    const sum = (name: 'answered' | 'failed') => moments.reduce((total, moment) => total + moment[name], 0);
    expect(sum('answered')).toBe(REPORT.pools[0]?.answered);
    expect(sum('failed')).toBe(REPORT.pools[0]?.failed);
  });

  it('tell what waits, what is stuck and what the kernel has then', () => {
    expect(at(2)).toMatchObject({
      waiting: 2,
      stuck: 0,
      connections: 2,
      unacknowledged: 1,
      retransmissions: 1,
      probes: 0,
    });
    expect(at(20)).toMatchObject({ waiting: 1, stuck: 2, probes: 2 });
    expect(at(25)).toMatchObject({ answered: 1, unacknowledged: 0 });
  });

  it('are fewer than the seconds of a long run', () => {
    const long = momentsOf(stock, { ...RECORDING, endAt: RECORDING.startAt + 3_600_000 });
    expect(long.length).toBeLessThan(130);
    expect(long[1]?.seconds).toBe(30);
  });
});
