import { millisLeft, type WaitLimit } from '@lifeguard/pool/client';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { NotConnectedError } from './errors.js';

/** Whether a program has said by itself how long its commands wait. */
export function isPatienceGiven({ maxRetriesPerRequest, commandTimeout }: RedisOptions): boolean {
  return maxRetriesPerRequest !== undefined || commandTimeout !== undefined;
}

/**
 * From here on no command of the client waits for a connection for longer than the limit. A command that was sent waits for
 * its answer as long as the connection lives.
 */
export function limitWaits(client: Redis | Cluster, limit: WaitLimit): void {
  new Waits(client as unknown as Client, limit);
}

/** When a command was issued, or began to wait anew; that of a pipeline stands with the pipeline too. */
const SINCE = Symbol('lifeguard.since');

interface Stamped {
  [SINCE]?: number;
}

interface Command extends Stamped {
  readonly name: string;
  reject(error: Error): void;
}

/** A command that waits; `stream` is the pipeline's that it belongs to. */
interface Item {
  readonly command: Command;
  readonly stream?: Stamped | undefined;
}

interface Queue {
  readonly length: number;
  toArray(): Item[];
  clear(): void;
  push(item: Item): number;
}

/** What is needed of a client, of which its types leave out most. */
interface Client {
  readonly options: { readonly autoResendUnfulfilledCommands?: boolean };
  readonly status: string;
  /** What was not sent yet. */
  readonly offlineQueue: Queue;
  /** What has been sent on this connection, and is not answered. A cluster has none. */
  readonly commandQueue?: Queue;
  /** What was sent on an earlier connection, and will be sent again on the next. */
  readonly prevCommandQueue?: Queue | null;
  sendCommand(command: Command, stream?: Stamped, node?: unknown): unknown;
  setStatus(status: string, ...more: unknown[]): void;
  silentEmit?(event: string, ...args: unknown[]): boolean;
}

/** How often a client without a connection is looked at. */
const LOOK_MILLIS = 100;

/** Nobody waits for a connection. */
const AT_REST: ReadonlySet<string> = new Set(['wait', 'ready', 'monitoring', 'end']);

class Waits {
  readonly #client: Client;
  readonly #limit: WaitLimit;
  /** Since the client was last ready. */
  #lastError: unknown;
  #timer: NodeJS.Timeout | undefined;
  /** What was sent on a connection that ended before it was ready: ioredis forgets it. */
  #forgotten: Item[] = [];

  constructor(client: Client, limit: WaitLimit) {
    this.#client = client;
    this.#limit = limit;
    const { sendCommand, setStatus, silentEmit } = client;
    client.sendCommand = (command, stream, node) => {
      issue(command, stream);
      return sendCommand.call(client, command, stream, node);
    };
    client.setStatus = (status, ...more) => {
      this.#follow(status);
      setStatus.call(client, status, ...more);
    };
    // An `'error'` listener would silence the driver, which prints what nobody listens to.
    if (silentEmit) {
      client.silentEmit = (event, ...args) => {
        if (event === 'error') [this.#lastError] = args;
        return silentEmit.call(client, event, ...args);
      };
    }
    this.#follow(client.status);
  }

  /** Called before the client's status becomes this one. */
  #follow(status: string): void {
    const { status: before, options } = this.#client;
    if (status === 'close' && before === 'ready') this.#lose();
    else if (status === 'close' && before === 'connect') this.#noteForgotten();
    else if (status === 'connecting') this.#tellForgotten();
    else if (status === 'reconnecting' && options.autoResendUnfulfilledCommands === false) this.#tellAllSent();
    if (AT_REST.has(status)) this.#rest(status);
    else this.#timer ??= setInterval(() => this.#look(), LOOK_MILLIS).unref();
  }

  #rest(status: string): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (status === 'ready') this.#lastError = undefined;
  }

  /** A connection has ended. If it was alive until now, what was sent on it begins to wait now. */
  #lose(): void {
    const waited = this.#limit.millis - millisLeft(this.#lastError, this.#limit);
    const earliest = performance.now() - waited;
    for (const { command, stream } of this.#client.commandQueue?.toArray() ?? []) {
      const since = Math.max(sinceOf({ command, stream }) ?? earliest, earliest);
      command[SINCE] = since;
      if (stream) stream[SINCE] = since;
    }
  }

  /** SELECT is the client's own, as a rule, which would make an `'error'` of this. */
  #noteForgotten(): void {
    const items = this.#client.commandQueue?.toArray() ?? [];
    this.#forgotten = items.filter(({ command }) => command.name !== 'select');
  }

  /** Not before the next connect has begun: until then ioredis would take what its own handshake is told for fatal. */
  #tellForgotten(): void {
    for (const item of this.#forgotten.splice(0)) this.#tell(item, true);
  }

  /** They are not sent again, and ioredis would forget them too. */
  #tellAllSent(): void {
    const { prevCommandQueue } = this.#client;
    const items = prevCommandQueue?.toArray() ?? [];
    prevCommandQueue?.clear();
    for (const item of items) this.#tell(item, true);
  }

  #look(): void {
    const { offlineQueue, prevCommandQueue } = this.#client;
    const sent = this.#takeOverdue(prevCommandQueue);
    const unsent = this.#takeOverdue(offlineQueue);
    // Now that the queues are in order: whoever is told may issue the next.
    for (const item of sent) this.#tell(item, true);
    for (const item of unsent) this.#tell(item, false);
  }

  /** Takes out who has waited for too long. */
  #takeOverdue(queue: Queue | null | undefined): Item[] {
    if (!queue?.length) return [];
    const latest = performance.now() - this.#limit.millis;
    const items = queue.toArray();
    const starts = startsOf(items);
    const isOverdue = (_: Item, index: number) => (starts[index] ?? Number.POSITIVE_INFINITY) <= latest;
    const overdue = items.filter(isOverdue);
    if (overdue.length === 0) return [];
    queue.clear();
    for (const [index, item] of items.entries()) if (!isOverdue(item, index)) queue.push(item);
    return overdue;
  }

  #tell(item: Item, sent: boolean): void {
    const { command } = item;
    const now = performance.now();
    command.reject(new NotConnectedError(command.name, now - (sinceOf(item) ?? now), sent, this.#lastError));
  }
}

function issue(command: Command, stream: Stamped | undefined): void {
  // A command that a cluster sends once more keeps its time.
  command[SINCE] ??= performance.now();
  if (stream) stream[SINCE] ??= command[SINCE];
}

/** The time of a pipeline is that of its first command: it is sent as a whole or not at all. */
function sinceOf({ command, stream }: Item): number | undefined {
  return (stream ?? command)[SINCE];
}

/** Since when each has waited. What is between MULTI and EXEC must not be sent without its MULTI. */
function startsOf(items: readonly Item[]): (number | undefined)[] {
  let transaction: number | undefined;
  return items.map((item) => {
    const name = item.stream ? '' : item.command.name;
    if (name === 'multi') transaction = sinceOf(item);
    const start = transaction ?? sinceOf(item);
    if (name === 'exec' || name === 'discard') transaction = undefined;
    return start;
  });
}
