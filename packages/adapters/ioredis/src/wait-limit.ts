import { millisLeft, type WaitLimit } from '@lifeguard/pool/client';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { type Command, type Item, issue, type Queue, SINCE, type Stamped, sinceOf, startsOf } from './commands.js';
import { disown, isDriversOwn, withoutDriversOwn } from './drivers-own.js';
import { NotConnectedError } from './errors.js';
import { type Emitting, hearErrors } from './hear-errors.js';

/** Whether a program has said by itself how long its commands wait. */
export function isPatienceGiven({ maxRetriesPerRequest, commandTimeout }: RedisOptions): boolean {
  return maxRetriesPerRequest !== undefined || commandTimeout !== undefined;
}

/**
 * From here on no command of the client waits for a connection for longer than the limit. A command that was sent waits for
 * its answer as long as the connection lives.
 */
export function limitWaits(client: Redis | Cluster, limit: WaitLimit): Waits {
  return new Waits(client as unknown as Client, limit);
}

/** What is needed of a client, of which its types leave out most. */
interface Client extends Emitting {
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
  /** Called with a command that was answered with an error. Sends it again if `reconnectOnError` says so. A cluster has none. */
  handleReconnection?(error: Error, item: Item): void;
  /** Fails what waits: with the client's end, and after each 21st connect that failed. A cluster has none. */
  flushQueue?(error: Error, options?: object): void;
}

/** How often a client without a connection is looked at. */
const LOOK_MILLIS = 100;

/** Nobody waits for a connection. */
const AT_REST: ReadonlySet<string> = new Set(['wait', 'ready', 'monitoring', 'end']);

/** The commands of one client that wait for a connection. */
export class Waits {
  readonly #client: Client;
  readonly #limit: WaitLimit;
  /** Since the client was last ready. */
  #lastError: unknown;
  #timer: NodeJS.Timeout | undefined;
  /** What was sent on a connection that ended before it was ready: ioredis forgets it. */
  #forgotten: Item[] = [];
  /** Whether the driver itself issues commands. */
  #isRestoring = false;
  /** The command that was answered with an error just now. */
  #answered: Command | undefined;

  constructor(client: Client, limit: WaitLimit) {
    this.#client = client;
    this.#limit = limit;
    const { sendCommand, setStatus, handleReconnection, flushQueue } = client;
    client.sendCommand = (command, stream, node) => {
      // It is sent once more, and has not waited for a connection until now.
      if (command === this.#answered) delete command[SINCE];
      if (this.#isRestoring) disown(command);
      issue(command, stream, client.status === 'ready' && client.commandQueue !== undefined);
      const answer = sendCommand.call(client, command, stream, node);
      if (client.status !== 'ready') this.#lookAsOf(client.status);
      return answer;
    };
    client.setStatus = (status, ...more) => {
      this.#follow(status);
      setStatus.call(client, status, ...more);
      if (status === 'ready') this.#restore();
    };
    if (handleReconnection) {
      client.handleReconnection = (error, item) => {
        this.#answered = item.command;
        handleReconnection.call(client, error, item);
        this.#answered = undefined;
      };
    }
    if (flushQueue) {
      client.flushQueue = (error, options) => {
        const keepsTrying = error.name === 'MaxRetriesPerRequestError';
        const flush = () => flushQueue.call(client, error, options);
        if (keepsTrying) withoutDriversOwn([client.commandQueue, client.offlineQueue], flush);
        else flush();
      };
    }
    hearErrors(client, (error) => {
      this.#lastError = error;
    });
    this.#follow(client.status);
  }

  /** The driver sends now, in this turn, what the last connection had: its database, its subscriptions. */
  #restore(): void {
    this.#isRestoring = true;
    queueMicrotask(() => {
      this.#isRestoring = false;
    });
  }

  /** A cluster's own errors don't say why none of its nodes can be had. */
  noteOfNode(error: unknown): void {
    if (this.#client.status === 'ready') return;
    // So says ioredis after each error that a connect has ended with.
    if (Object(error).message === 'Connection is closed.') this.#lastError ??= error;
    else this.#lastError = error;
  }

  /** Called before the client's status becomes this one. */
  #follow(status: string): void {
    const { status: before, options } = this.#client;
    if (status === 'close' && before === 'ready') this.#lose();
    else if (status === 'close' && before === 'connect') this.#noteForgotten();
    else if (status === 'connecting') this.#tellForgotten();
    else if (status === 'reconnecting' && options.autoResendUnfulfilledCommands === false) this.#tellAllSent();
    if (status === 'ready') this.#lastError = undefined;
    this.#lookAsOf(status);
  }

  #lookAsOf(status: string): void {
    if (AT_REST.has(status)) this.#rest();
    else this.#timer ??= setInterval(() => this.#look(), LOOK_MILLIS).unref();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A connection has ended. If it was alive until now, what was sent on it begins to wait now. */
  #lose(): void {
    const waited = this.#limit.millis - millisLeft(this.#lastError, this.#limit);
    const earliest = performance.now() - waited;
    const { commandQueue, offlineQueue } = this.#client;
    // What came when the socket could not be written to any more has a rough time, too, which may be long past after a held-up loop.
    for (const { command, stream } of [...(commandQueue?.toArray() ?? []), ...offlineQueue.toArray()]) {
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
    // A client that is closed before it reconnects is left by ioredis as it is, for ever.
    if (isEmpty(prevCommandQueue) && isEmpty(offlineQueue)) this.#rest();
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
    if (isDriversOwn(item)) return;
    const now = performance.now();
    // A rough time may be ahead.
    const waited = Math.max(0, now - (sinceOf(item) ?? now));
    command.reject(new NotConnectedError(command.name, waited, sent, this.#lastError));
  }
}

function isEmpty(queue: Queue | null | undefined): boolean {
  return !queue?.length || queue.toArray().every(isDriversOwn);
}
