import { expect, test, vi } from 'vitest';
import { Ledger } from './ledger.js';

test('what became of a request is counted once: answered, wrong, failed, pending', async () => {
  const ledger = new Ledger();
  await ledger.track(async () => true);
  await ledger.track(async () => false);
  const error = Object.assign(new Error('no'), { code: 'ETIMEDOUT' });
  expect(await ledger.track(() => Promise.reject(error))).toEqual({ error });
  await ledger.track(() => Promise.reject(new Error('a message')));
  void ledger.track(() => new Promise(() => {}));
  expect(ledger.account()).toMatchObject({
    started: 5,
    answered: 1,
    wrong: 1,
    failed: { ETIMEDOUT: 1, 'a message': 1 },
    pending: 1,
  });
});

test('all is settled when the last request is, or when the time is up', async () => {
  const ledger = new Ledger();
  let finish = (_: boolean) => {};
  void ledger.track(() => new Promise((resolve) => (finish = resolve)));
  const settled = vi.fn();
  const waiting = ledger.allSettled(60_000).then(settled);
  await new Promise(setImmediate);
  expect(settled).not.toHaveBeenCalled();
  finish(true);
  await waiting;
  void ledger.track(() => new Promise(() => {}));
  await ledger.allSettled(10);
  expect(ledger.account().pending).toBe(1);
});
