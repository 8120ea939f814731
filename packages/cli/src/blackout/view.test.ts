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
  view.follow([{ name: 'pg.Pool', tally }]);
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

it('writes nothing after it is done', () => {
  const { stream, lines } = pipe();
  const view = new View(stream);
  view.follow([{ name: 'pg.Pool', tally: new Tally() }]);
  view.done();
  vi.advanceTimersByTime(5_000);
  expect(lines()).toEqual([]);
});
