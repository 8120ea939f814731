import { expect, test } from 'vitest';
import { within } from './deadline.js';

const late = () => new Error('late');

test('a step that answers in time is answered with its own value or its own error, the same object', async () => {
  const error = new Error('own');
  await expect(within(1000, () => 'value', late)).resolves.toBe('value');
  await expect(within(1000, async () => 'value', late)).resolves.toBe('value');
  await expect(within(1000, () => Promise.reject(error), late)).rejects.toBe(error);
  const throws = () => {
    throw error;
  };
  await expect(within(1000, throws, late)).rejects.toBe(error);
});

test('a step that never answers is given up when its time is up', async () => {
  await expect(within(5, () => new Promise(() => {}), late)).rejects.toThrow('late');
});

test('what a step does after its time is ignored: neither a value nor an unhandled rejection', async () => {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, fail) => {
    reject = fail;
  });
  await expect(within(5, () => promise, late)).rejects.toThrow('late');
  reject(new Error('too late to matter'));
  await new Promise(setImmediate);
});
