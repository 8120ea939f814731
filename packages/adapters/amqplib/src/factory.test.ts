import { EventEmitter } from 'node:events';
import type { ChannelModel } from 'amqplib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { channelFactory } from './factory.js';

/** A connection to a server that stopped reading: in a resource alarm RabbitMQ does, and goes on sending heartbeats. */
class DeafModel extends EventEmitter {
  readonly close = vi.fn<() => Promise<void>>(() => new Promise(() => {}));
  readonly late = Object.assign(new EventEmitter(), { close: vi.fn<() => Promise<void>>(async () => {}) });
  hear: () => void = () => {};

  createChannel(): Promise<unknown> {
    return new Promise((resolve) => {
      this.hear = () => resolve(this.late);
    });
  }
}

const model = new DeafModel();
vi.mock(import('./connect.js'), async (original) => ({
  ...(await original()),
  openHardened: async () => model as unknown as ChannelModel,
}));

test('a channel that is not opened within ten seconds holds its connection no longer, nor does it when it comes late', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const created = expect(channelFactory({ url: 'amqp://127.0.0.1:1' }).create()).rejects.toThrow(/not within 10000 ms/);
  await vi.advanceTimersByTimeAsync(9999);
  expect(model.close).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(model.close).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(1000);
  await created;
  model.hear();
  await vi.advanceTimersByTimeAsync(0);
  expect(model.late.close).toHaveBeenCalledOnce();
});
