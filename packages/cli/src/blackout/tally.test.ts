import { describe, expect, it } from 'vitest';
import { Tally } from './tally.js';

/** Notes queries: when each was sent, and when and how it ended, if it did. */
function tallyOf(...queries: readonly (readonly [sentAt: number, endedAt?: number, code?: string])[]): Tally {
  const tally = new Tally();
  queries.forEach(([sentAt, endedAt, code], id) => {
    tally.note({ event: 'sent', id, at: sentAt });
    if (endedAt === undefined) return;
    tally.note(
      code === undefined ? { event: 'answered', id, at: endedAt } : { event: 'failed', id, at: endedAt, code },
    );
  });
  return tally;
}

const OUTAGE = { cutAt: 3_000, healAt: 23_000 };

describe('the counts at a moment', () => {
  it('put every query that was sent under one of answered, failed, waiting and stuck', () => {
    const tally = tallyOf([0, 10], [1_000, 12_000, 'ETIMEDOUT'], [2_000], [15_000]);
    expect(tally.countsAt(15_000)).toEqual({ sent: 4, answered: 1, failed: 1, waiting: 1, stuck: 1 });
  });

  it('are those of that moment, whatever came later', () => {
    const tally = tallyOf([0, 500], [100, 20_000, 'ETIMEDOUT'], [600, 700]);
    expect(tally.countsAt(400)).toEqual({ sent: 2, answered: 0, failed: 0, waiting: 2, stuck: 0 });
  });

  it('call a query stuck when it has waited for longer than 11.5 s, and not before', () => {
    const tally = tallyOf([0]);
    expect(tally.countsAt(11_500)).toMatchObject({ waiting: 1, stuck: 0 });
    expect(tally.countsAt(11_501)).toMatchObject({ waiting: 0, stuck: 1 });
  });
});

describe('the measures of a run', () => {
  it('count as stuck at healing only what was stuck then, though it was answered later', () => {
    const stuck = [2_900, 28_000] as const;
    const waiting = [22_000, 28_000] as const;
    const failedBefore = [3_100, 13_000, 'ETIMEDOUT'] as const;
    const tally = tallyOf(stuck, stuck, waiting, failedBefore);
    expect(tally.measure(30_000, OUTAGE)).toMatchObject({ sent: 4, answered: 3, failed: 1, stuckAtHeal: 2 });
  });

  it('take the longest wait from answers, errors and what is still open at the end', () => {
    expect(tallyOf([0, 700], [0, 300, 'X']).measure(1_000).longestWaitMillis).toBe(700);
    expect(tallyOf([0, 700], [0, 900, 'X']).measure(1_000).longestWaitMillis).toBe(900);
    expect(tallyOf([0, 700], [100]).measure(5_000).longestWaitMillis).toBe(4_900);
  });

  it('take the first error from the cut on, and the first answer from healing on', () => {
    const tally = tallyOf([0, 100, 'EARLY'], [0, 200], [4_000, 13_250, 'X'], [5_000, 15_000, 'X'], [22_000, 23_400]);
    expect(tally.measure(30_000, OUTAGE)).toMatchObject({
      firstErrorAfterCutMillis: 10_250,
      firstAnswerAfterHealMillis: 400,
    });
  });

  it('say null of what never happened', () => {
    const measures = tallyOf([0, 100], [4_000]).measure(30_000, OUTAGE);
    expect(measures).toMatchObject({ firstErrorAfterCutMillis: null, firstAnswerAfterHealMillis: null });
  });

  it('know nothing of cut and healing in a run without', () => {
    expect(tallyOf([0, 100], [0, 200, 'X'], [0]).measure(20_000)).toMatchObject({
      stuckAtHeal: 0,
      firstErrorAfterCutMillis: null,
      firstAnswerAfterHealMillis: null,
    });
  });

  it('leave out what happened after the end', () => {
    const tally = tallyOf([0, 100], [1_000, 9_000], [8_000, 8_100]);
    expect(tally.measure(5_000)).toMatchObject({ sent: 2, answered: 1, failed: 0, longestWaitMillis: 4_000 });
  });

  it('count errors by their code', () => {
    const tally = tallyOf([0, 1, 'ETIMEDOUT'], [0, 2, 'ETIMEDOUT'], [0, 3, 'ERR_POOL_ACQUIRE_TIMEOUT'], [0, 4]);
    expect(tally.measure(10).errors).toEqual({ ETIMEDOUT: 2, ERR_POOL_ACQUIRE_TIMEOUT: 1 });
  });
});
