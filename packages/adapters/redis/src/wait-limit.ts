import type { EventEmitter } from 'node:events';
import type { WaitLimit } from '@lifeguard/pool/client';
import { silenceBefore } from '@lifeguard/tcp/client';
import { KeptCommands } from './kept-commands.js';

/** What is looked at among the options of a client. */
interface WaitOptions {
  disableOfflineQueue?: boolean;
  readonly commandsQueueMaxLength?: number;
  readonly commandOptions?: QueueOptions;
}

/** What says how a command is to wait. */
interface QueueOptions {
  readonly timeout?: number;
  readonly abortSignal?: unknown;
  readonly asap?: boolean;
}

/** What is needed of a client of node-redis. */
export interface WaitingClient extends EventEmitter {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: WaitOptions;
  /** What is said of a command by default. */
  readonly _commandOptions?: QueueOptions;
  sendCommand: Send;
  _executeMulti: Send;
  _executePipeline: Send;
}

type Send = (what: unknown, how?: unknown, ...more: unknown[]) => Promise<unknown>;

/**
 * From here on no command of the client waits for a connection for longer than the limit. While there is none, commands are kept
 * here, each for as long as the limit, and go to the driver once the client is ready; what the driver itself keeps, such as
 * subscriptions, fails when there has been no connection for so long.
 *
 * @param client one that is about to connect
 */
export function limitWaits(client: WaitingClient, limit: WaitLimit): void {
  const { options } = client;
  if (options === undefined || isPatienceGiven(options)) return;
  limitOwnQueue(client, options, limit);
  // What is kept here the driver would not count.
  if (options.commandsQueueMaxLength === undefined) keepCommands(client, limit);
}

/** Whether a program has said by itself how long its commands wait. */
function isPatienceGiven({ disableOfflineQueue, commandOptions }: WaitOptions): boolean {
  return disableOfflineQueue === true || commandOptions?.timeout !== undefined;
}

/**
 * node-redis fails all that waits, of a client without an offline queue, with the error of a connect, and looks into its options
 * each time. It asks them right after its `'error'`.
 */
function limitOwnQueue(client: WaitingClient, options: WaitOptions, { millis, tcp }: WaitLimit): void {
  let since: number | undefined = performance.now();
  client.on('ready', () => {
    since = undefined;
  });
  client.on('error', (error: unknown) => {
    if (client.isReady) return;
    const now = performance.now();
    // What the lost connection had no room for has waited for as long as that was silent.
    since ??= now - silenceBefore(error, tcp);
    if (now - since < millis) return;
    since = now;
    options.disableOfflineQueue = true;
    // Before anybody hears of it, who may send the next at once.
    queueMicrotask(() => {
      options.disableOfflineQueue = false;
    });
  });
}

function keepCommands(client: WaitingClient, { millis }: WaitLimit): void {
  const kept = new KeptCommands(millis);
  // Version 6 has 5 s, and gives them to each command.
  const ofDriver = client._commandOptions?.timeout;
  // Before whoever sends the next as soon as it is ready.
  client.prependListener('ready', () => {
    kept.send();
    kept.note(undefined);
  });
  // Then the driver refuses them. Where it has given up by itself it tells no 'end'.
  client.on('end', () => kept.send());
  client.on('error', (error: unknown) => {
    kept.note(error);
    if (!client.isOpen) kept.send();
  });
  for (const name of ['sendCommand', '_executeMulti', '_executePipeline'] as const) {
    const { [name]: send } = client;
    // A proxy of the client calls it too, with options of its own.
    client[name] = function keep(this: WaitingClient, what, how, ...more) {
      const go = () => Reflect.apply(send, this, [what, how, ...more]);
      return client.isReady || !client.isOpen || saysHowToWait(how, ofDriver) ? go() : kept.keep(go);
    };
  }
}

/** @param usual the timeout of those for which none was given */
function saysHowToWait(how: unknown, usual: number | undefined): boolean {
  const { timeout, abortSignal, asap }: QueueOptions = Object(how);
  return (timeout !== undefined && timeout !== usual) || abortSignal !== undefined || asap !== undefined;
}
