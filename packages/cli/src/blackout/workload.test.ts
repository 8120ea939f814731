import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { POOL_MAX } from './drivers/driver.js';
import { type QueryEvent, Workload } from './workload.js';

const events: QueryEvent[] = [];
const note = (event: QueryEvent) => events.push(event);
const never = () => new Promise<never>(() => {});
const coded = (code: string) => Object.assign(new Error('late'), { code });

beforeEach(() => {
  events.length = 0;
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

describe('the workload', () => {
  it('has one query in flight for each connection that the pool is to open', async () => {
    let inFlight = 0;
    let most = 0;
    const wait = async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await Promise.resolve();
      inFlight -= 1;
    };
    await new Workload({ ask: never, wait }, note).fill();
    expect(most).toBe(POOL_MAX);
  });

  it('opens connections with what there is where nothing waits in the server', async () => {
    const ask = vi.fn(async () => {});
    await new Workload({ ask }, note).fill();
    expect(ask).toHaveBeenCalledTimes(POOL_MAX);
  });

  it('sends 20 queries a second though none is answered', () => {
    new Workload({ ask: never, wait: never }, note).start();
    vi.advanceTimersByTime(3_000);
    expect(events.filter(({ event }) => event === 'sent')).toHaveLength(60);
  });

  it('has short queries, and some that wait in the server', () => {
    const ask = vi.fn(never);
    const wait = vi.fn(never);
    new Workload({ ask, wait }, note).start();
    vi.advanceTimersByTime(1_000);
    expect(wait.mock.calls).toEqual([[1], [1]]);
    expect(ask).toHaveBeenCalledTimes(18);
  });

  it('tells of each query when it was sent and how it ended', async () => {
    const outcomes = [async () => {}, () => Promise.reject(coded('ETIMEDOUT'))];
    new Workload({ ask: () => outcomes.shift()?.() ?? never() }, note).start();
    await vi.advanceTimersByTimeAsync(100);
    expect(events.filter(({ event }) => event !== 'sent')).toEqual([
      { event: 'answered', id: 0, at: expect.any(Number) },
      { event: 'failed', id: 1, at: expect.any(Number), code: 'ETIMEDOUT' },
    ]);
  });

  it.each([
    ['its code', coded('ETIMEDOUT'), 'ETIMEDOUT'],
    ['its cause’s code', new TypeError('fetch failed', { cause: coded('ECONNRESET') }), 'ECONNRESET'],
    ['its name', new TypeError('odd'), 'TypeError'],
    ['its message, if it is a plain error', new Error('Connection is closed.'), 'Connection is closed.'],
    ['what it is', 'late', 'late'],
  ])('calls an error by %s', async (_, error, code) => {
    new Workload({ ask: () => Promise.reject(error) }, note).start();
    await vi.advanceTimersByTimeAsync(50);
    expect(events.at(-1)).toMatchObject({ event: 'failed', code });
  });
});
