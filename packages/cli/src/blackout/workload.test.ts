import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { POOL_MAX, type QueryEvent, Workload } from './workload.js';

const events: QueryEvent[] = [];
const note = (event: QueryEvent) => events.push(event);
const never = () => new Promise<never>(() => {});

beforeEach(() => {
  events.length = 0;
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe('the workload', () => {
  it('has one query in flight for each connection that the pool is to open', async () => {
    let inFlight = 0;
    let most = 0;
    const query = async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await Promise.resolve();
      inFlight -= 1;
    };
    await new Workload({ query }, note).fill();
    expect(most).toBe(POOL_MAX);
  });

  it('sends 20 queries a second though none is answered', () => {
    new Workload({ query: never }, note).start();
    vi.advanceTimersByTime(3_000);
    expect(events.filter(({ event }) => event === 'sent')).toHaveLength(60);
  });

  it('has short queries, and some that wait in the server', () => {
    const texts: string[] = [];
    const query = (text: string) => {
      texts.push(text);
      return never();
    };
    new Workload({ query }, note).start();
    vi.advanceTimersByTime(1_000);
    expect(texts.filter((text) => text.includes('pg_sleep'))).toHaveLength(2);
  });

  it('tells of each query when it was sent and how it ended, an error by its code', async () => {
    const outcomes = [
      async () => {},
      () => Promise.reject(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })),
      () => Promise.reject(new TypeError('odd')),
    ];
    new Workload({ query: () => outcomes.shift()?.() ?? never() }, note).start();
    await vi.advanceTimersByTimeAsync(150);
    expect(events.filter(({ event }) => event !== 'sent')).toEqual([
      { event: 'answered', id: 0, at: expect.any(Number) },
      { event: 'failed', id: 1, at: expect.any(Number), code: 'ETIMEDOUT' },
      { event: 'failed', id: 2, at: expect.any(Number), code: 'TypeError' },
    ]);
  });
});
