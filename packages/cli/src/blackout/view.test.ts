import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { now } from './clock.js';
import { Tally } from './tally.js';
import { View, type ViewStream } from './view.js';

function pipe() {
  const stream = new PassThrough();
  return {
    stream: stream as unknown as ViewStream,
    lines: () =>
      String(stream.read() ?? '')
        .split('\n')
        .slice(0, -1),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('shows what is being done as it is begun', () => {
  const { stream, lines } = pipe();
  new View(stream).say('starting PostgreSQL');
  expect(lines()).toEqual(['starting PostgreSQL']);
});

it('writes a line a second where there is no terminal: the phase, and of each pool totals and what has been added', () => {
  const { stream, lines } = pipe();
  const tally = new Tally();
  const view = new View(stream);
  view.follow([{ name: 'pg.Pool', driver: 'pg', tally }]);
  view.phase('cable cut', 20);
  tally.note({ event: 'sent', id: 0, at: now() });
  tally.note({ event: 'answered', id: 0, at: now() });
  vi.advanceTimersByTime(1_000);
  expect(lines()).toEqual(['cable cut, 1 s of 20 s | pg.Pool: answered 1 (+1), failed 0 (+0), waiting 0, stuck 0']);

  tally.note({ event: 'sent', id: 1, at: now() });
  vi.advanceTimersByTime(12_000);
  expect(lines().at(-1)).toBe('cable cut, 13 s of 20 s | pg.Pool: answered 1 (+0), failed 0 (+0), waiting 0, stuck 1');
  view.done();
});

it('writes one short line of many drivers: what was added in that second, stock and ours beside each other', () => {
  const { stream, lines } = pipe();
  const tallies = [new Tally(), new Tally(), new Tally(), new Tally()] as const;
  const view = new View(stream);
  view.follow(tallies.map((tally, n) => ({ name: `contender ${n}`, driver: n < 2 ? 'pg' : 'net', tally })));
  view.phase('cable cut', 20);
  for (const tally of tallies) tally.note({ event: 'sent', id: 0, at: now() });
  tallies[0].note({ event: 'answered', id: 0, at: now() });
  tallies[1].note({ event: 'failed', id: 0, at: now(), code: 'ETIMEDOUT' });
  vi.advanceTimersByTime(1_000);
  expect(lines()[0]).toBe('cable cut, 1 s of 20 s | stock / ours: pg +1 / +0 1 failed, net +0 / +0');
  view.done();
});

it('writes of many drivers what is stuck, too', () => {
  const { stream, lines } = pipe();
  const tally = new Tally();
  const view = new View(stream);
  const others = ['pg', 'net', 'net'].map((driver) => ({ name: 'another', driver, tally: new Tally() }));
  view.follow([{ name: 'pg.Pool', driver: 'pg', tally }, ...others]);
  view.phase('cable cut', 20);
  tally.note({ event: 'sent', id: 0, at: now() });
  vi.advanceTimersByTime(12_000);
  expect(lines().at(-1)).toBe('cable cut, 12 s of 20 s | stock / ours: pg +0 1 stuck / +0, net +0 / +0');
  view.done();
});

it('writes nothing after it is done', () => {
  const { stream, lines } = pipe();
  const view = new View(stream);
  view.follow([{ name: 'pg.Pool', driver: 'pg', tally: new Tally() }]);
  view.done();
  vi.advanceTimersByTime(5_000);
  expect(lines()).toEqual([]);
});
