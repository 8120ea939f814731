import { EventEmitter } from 'node:events';
import type { Channel } from 'amqplib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Custody } from './custody.js';
import { DirtyChannelError } from './errors.js';

// Class and method, 16 bits each: https://www.rabbitmq.com/amqp-0-9-1-reference
const CONSUME = 0x3c0014;
const GET = 0x3c0046;
const GET_OK = 0x3c0047;
const GET_EMPTY = 0x3c0048;
const ACK = 0x3c0050;
const CLOSE = 0x140028;

/** As much of amqplib's channel as a custody sees: what is sent on it goes nowhere. */
class FakeChannel extends EventEmitter {
  reply: unknown = null;
  readonly unconfirmed: unknown[] = [];

  sendOrEnqueue(_method: number, _fields: object, reply: (error: unknown, frame: object) => void): void {
    this.answer = (frame) => reply(null, frame);
  }

  answer: (frame: object) => void = () => {};

  sendImmediately(_method: number, _fields: object): void {}

  sendMessage(_fields: object, _properties: object, _content: Buffer): boolean {
    return true;
  }
}

class FakeConfirmChannel extends FakeChannel {
  confirm: () => void = () => {};

  waitForConfirms(): Promise<void> {
    return new Promise((resolve) => {
      this.confirm = resolve;
    });
  }
}

function take<C extends FakeChannel = FakeChannel>(channel = new FakeChannel() as C): { channel: C; custody: Custody } {
  return { channel, custody: new Custody(channel as unknown as Channel) };
}

describe('a channel that is given back', () => {
  test('is clean at once, without a word to the server', () => {
    const { custody } = take();
    expect(custody.takeBack()).toBeUndefined();
  });

  test('is not with a consumer on it', () => {
    const { channel, custody } = take();
    channel.sendOrEnqueue(CONSUME, {}, () => {});
    expect(() => custody.takeBack()).toThrow(/a consumer was opened on it/);
  });

  test('is not while a call is not answered', () => {
    const { channel, custody } = take();
    channel.reply = () => {};
    expect(() => custody.takeBack()).toThrow(DirtyChannelError);
  });

  test('is not while it is being closed', () => {
    const { channel, custody } = take();
    channel.sendImmediately(CLOSE, {});
    expect(() => custody.takeBack()).toThrow(/it was closed/);
  });

  test('is not with a message that was fetched, until that is acknowledged', () => {
    const { channel, custody } = take();
    channel.sendOrEnqueue(GET, {}, () => {});
    channel.answer({ id: GET_OK, fields: { deliveryTag: 7 } });
    expect(() => custody.takeBack()).toThrow(/1 messages were not acknowledged/);
    channel.sendImmediately(ACK, { deliveryTag: 7, multiple: false });
    expect(custody.takeBack()).toBeUndefined();
  });

  test('is after a message that nobody has to acknowledge, and after none', () => {
    const { channel, custody } = take();
    channel.sendOrEnqueue(GET, { noAck: true }, () => {});
    channel.answer({ id: GET_OK, fields: { deliveryTag: 1 } });
    channel.sendOrEnqueue(GET, {}, () => {});
    channel.answer({ id: GET_EMPTY });
    expect(custody.takeBack()).toBeUndefined();
  });

  test('is when all up to a tag are acknowledged, or all', () => {
    const { channel, custody } = take();
    for (const deliveryTag of [1, 2, 3]) {
      channel.sendOrEnqueue(GET, {}, () => {});
      channel.answer({ id: GET_OK, fields: { deliveryTag } });
    }
    channel.sendImmediately(ACK, { deliveryTag: 2, multiple: true });
    expect(() => custody.takeBack()).toThrow(/1 messages/);
    channel.sendImmediately(ACK, { deliveryTag: 0, multiple: true });
    expect(custody.takeBack()).toBeUndefined();
  });

  test('has lost its borrower’s listeners', () => {
    const { channel, custody } = take();
    channel.on('return', () => {}).on('drain', () => {});
    custody.takeBack();
    expect([channel.listenerCount('return'), channel.listenerCount('drain')]).toEqual([0, 0]);
  });

  test('is not after a mandatory publish, which may still be returned, unless the server confirms', () => {
    const [plain, confirming] = [take(), take(new FakeConfirmChannel())];
    for (const { channel, custody } of [plain, confirming]) {
      expect(channel.sendMessage({ mandatory: false }, {}, Buffer.from('x'))).toBe(true);
      expect(custody.takeBack()).toBeUndefined();
      channel.sendMessage({ mandatory: true }, {}, Buffer.from('x'));
    }
    expect(() => plain.custody.takeBack()).toThrow(/a mandatory publish may still be returned/);
    expect(confirming.custody.takeBack()).toBeUndefined();
  });

  test('waits for the confirms of what was published', async () => {
    const { channel, custody } = take(new FakeConfirmChannel());
    channel.unconfirmed.push(1);
    const back = vi.fn<() => void>();
    const restored = custody.takeBack()?.then(back);
    await Promise.resolve();
    expect(back).not.toHaveBeenCalled();
    channel.confirm();
    await restored;
    expect(back).toHaveBeenCalled();
  });

  test('is not if they do not come within a second', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { channel, custody } = take(new FakeConfirmChannel());
    channel.unconfirmed.push(1, 2);
    const restored = expect(custody.takeBack()).rejects.toThrow(/2 publishes were not confirmed/);
    await vi.advanceTimersByTimeAsync(1000);
    await restored;
  });
});
