import type { Channel, ConfirmChannel } from 'amqplib';
import { inTime } from './deadline.js';
import { DirtyChannelError } from './errors.js';

/** What is read of a channel that its types leave out. The same in amqplib 0.10, 1 and 2: lib/channel.js. */
interface ChannelState {
  sendOrEnqueue(method: number, fields: object, reply: Reply): unknown;
  sendImmediately(method: number, fields: Acknowledgement): unknown;
  sendMessage(fields: { readonly mandatory?: boolean }, properties: object, content: Buffer): boolean;
  /** Of a channel that confirms. */
  readonly waitForConfirms?: () => Promise<void>;
  /** The call that waits for its answer; null: none. */
  readonly reply: unknown;
  /** Publishes that the server has not confirmed, on a channel that confirms. */
  readonly unconfirmed: readonly unknown[];
}

type Reply = (
  error: unknown,
  frame: { readonly id?: number; readonly fields?: { readonly deliveryTag?: number } },
) => void;

interface Acknowledgement {
  readonly deliveryTag?: number;
  readonly multiple?: boolean;
}

// Class and method, 16 bits each: https://www.rabbitmq.com/amqp-0-9-1-reference
const GET = 0x3c0046;
const GET_OK = 0x3c0047;
const CLOSE = 0x140028;
const ACKNOWLEDGEMENTS: ReadonlySet<number> = new Set([0x3c0050, 0x3c005a, 0x3c0078]);

/** Calls that leave the channel another one than it was, and that nothing undoes as cheaply as a new channel. */
const CHANGES: ReadonlyMap<number, string> = new Map([
  [0x3c0014, 'a consumer was opened on it'],
  [0x3c000a, 'its prefetch was changed'],
  [0x55000a, 'it was made to confirm'],
  [0x5a000a, 'it was made transactional'],
  [0x140014, 'its flow was changed'],
]);

/** How long the confirms that a borrower did not wait for may take. */
const CONFIRM_MILLIS = 1000;

/** Looks after one channel between two loans, by what is said to the server on it. */
export class Custody {
  readonly #channel: Channel;
  readonly #changes = new Set<string>();
  /** Messages that were fetched, and not answered for. */
  readonly #unacknowledged = new Set<number>();
  #closed = false;

  /** @param channel a new one */
  constructor(channel: Channel) {
    this.#channel = channel;
    channel.once('close', () => {
      this.#closed = true;
    });
    this.#listen();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sees to it that nothing is left of a loan. If there is nothing to wait for, it returns no promise.
   *
   * @throws {DirtyChannelError} if something is left, or (rejects) if publishes are not confirmed soon
   */
  takeBack(): Promise<void> | undefined {
    const faults = this.#findFaults();
    if (faults.length > 0) throw new DirtyChannelError(faults);
    // Nobody but the borrower has listened.
    for (const event of ['return', 'drain']) this.#channel.removeAllListeners(event);
    return stateOf(this.#channel).unconfirmed.length > 0 ? this.#untilConfirmed() : undefined;
  }

  #findFaults(): string[] {
    const faults = [...this.#changes];
    if (stateOf(this.#channel).reply !== null) faults.push('a call on it is not answered');
    if (this.#unacknowledged.size > 0) faults.push(`${this.#unacknowledged.size} messages were not acknowledged`);
    return faults;
  }

  async #untilConfirmed(): Promise<void> {
    const { length } = stateOf(this.#channel).unconfirmed;
    try {
      await inTime(CONFIRM_MILLIS, (this.#channel as ConfirmChannel).waitForConfirms());
    } catch (cause) {
      throw new DirtyChannelError([`${length} publishes were not confirmed: ${(cause as Error).message}`], { cause });
    }
  }

  #listen(): void {
    const state = stateOf(this.#channel);
    const { sendOrEnqueue, sendImmediately, sendMessage } = state;
    state.sendOrEnqueue = (method, fields, reply) => {
      const change = CHANGES.get(method);
      if (change !== undefined) this.#changes.add(change);
      const noAck = (fields as { noAck?: boolean }).noAck === true;
      const answer = method === GET && !noAck ? this.#noting(reply) : reply;
      return Reflect.apply(sendOrEnqueue, state, [method, fields, answer]);
    };
    state.sendImmediately = (method, fields) => {
      if (ACKNOWLEDGEMENTS.has(method)) this.#acknowledge(fields);
      // Its 'close' comes only when the server has answered.
      if (method === CLOSE) this.#changes.add('it was closed');
      return Reflect.apply(sendImmediately, state, [method, fields]);
    };
    // The server returns what it can't deliver, and confirms it after that.
    if (state.waitForConfirms) return;
    state.sendMessage = (fields, properties, content) => {
      if (fields.mandatory) this.#changes.add('a mandatory publish may still be returned');
      return Reflect.apply(sendMessage, state, [fields, properties, content]);
    };
  }

  #noting(reply: Reply): Reply {
    return (error, frame) => {
      const tag = frame?.id === GET_OK ? frame.fields?.deliveryTag : undefined;
      if (tag !== undefined) this.#unacknowledged.add(tag);
      reply(error, frame);
    };
  }

  /** With `multiple`, all up to a tag; 0 is all. */
  #acknowledge({ deliveryTag = 0, multiple = false }: Acknowledgement): void {
    this.#unacknowledged.delete(deliveryTag);
    if (!multiple) return;
    for (const tag of this.#unacknowledged)
      if (deliveryTag === 0 || tag <= deliveryTag) this.#unacknowledged.delete(tag);
  }
}

function stateOf(channel: Channel): ChannelState {
  return channel as unknown as ChannelState;
}
