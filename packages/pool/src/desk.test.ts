import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Desk } from './desk.js';

function open() {
  const left = vi.fn();
  const desk = new Desk<string>({ priorities: 1, late: () => new Error('late'), left });
  const wait = (signal?: AbortSignal) => desk.wait(0, 60_000, signal, undefined);
  onTestFinished(() => desk.refuseAll(new Error('closed')));
  return { desk, wait, left };
}

test('a hundred who wait with one signal are no leak, and all leave when it aborts', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  onTestFinished(() => void process.off('warning', warned));
  const { desk, wait, left } = open();
  const shutdown = new AbortController();
  const waits = Array.from({ length: 100 }, () => wait(shutdown.signal));
  const other = wait();
  shutdown.abort('shutdown');
  expect(await Promise.allSettled(waits)).toEqual(waits.map(() => ({ status: 'rejected', reason: 'shutdown' })));
  expect([desk.waiting, left.mock.calls.length]).toEqual([1, 100]);
  desk.serve('connection');
  await expect(other).resolves.toBe('connection');
  await nextTurn();
  expect(warned).not.toHaveBeenCalled();
});

test('a signal is heeded as long as somebody waits with it, and no longer', async () => {
  const { desk, wait } = open();
  const { signal } = new AbortController();
  const [first, second] = [wait(signal), wait(signal)];
  desk.serve('one');
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  desk.serve('two');
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  await expect(Promise.all([first, second])).resolves.toEqual(['one', 'two']);
  const third = wait(signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  desk.refuse(new Error('no'));
  await expect(third).rejects.toThrow('no');
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('what is no signal is an error, and nobody is left waiting', () => {
  const { desk, wait } = open();
  expect(() => wait(new AbortController() as unknown as AbortSignal)).toThrow(TypeError);
  expect(desk.waiting).toBe(0);
});
