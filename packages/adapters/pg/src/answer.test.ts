import { once } from 'node:events';
import { expect, test } from 'vitest';
import { answer, throwingOutside } from './answer.js';

test('a callback is called with the result or the error, and never synchronously', async () => {
  const calls: unknown[][] = [];
  const callback = (...args: unknown[]) => void calls.push(args);
  expect(answer(Promise.resolve(1), callback, Promise)).toBeUndefined();
  expect(answer(Promise.reject(new Error('no')), callback, Promise)).toBeUndefined();
  expect(calls).toEqual([]);
  await expect.poll(() => calls).toEqual([[undefined, 1], [new Error('no')]]);
});

test('what a callback throws is an uncaught exception', async () => {
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  try {
    const thrown = once(process, 'uncaughtException');
    const broken = () => {
      throw new Error('of the callback');
    };
    answer(Promise.resolve(1), broken, Promise);
    await expect(thrown).resolves.toEqual([new Error('of the callback'), 'uncaughtException']);
    const thrownAtOnce = once(process, 'uncaughtException');
    throwingOutside(broken);
    await expect(thrownAtOnce).resolves.toEqual([new Error('of the callback'), 'uncaughtException']);
  } finally {
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
});

test('without a callback a promise of the given class is returned', async () => {
  class OtherPromise<T> extends Promise<T> {}
  const outcome = answer(Promise.resolve(1), undefined, OtherPromise as PromiseConstructor);
  expect(outcome).toBeInstanceOf(OtherPromise);
  await expect(outcome).resolves.toBe(1);
});

test('a rejection is the same error, with a stack that leads to who waits for it', async () => {
  const error = new Error('made elsewhere');
  const caught = await (async function theCaller() {
    await answer(Promise.reject(error), undefined, Promise);
  })().catch((reason: unknown) => reason);
  expect(caught).toBe(error);
  expect(error.stack).toContain('theCaller');
});
