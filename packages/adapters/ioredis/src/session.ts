import type { Redis } from 'ioredis';

/** What is read of a client that its types leave out. */
interface ClientState {
  readonly condition: { readonly select: number } | null;
  readonly commandQueue: { readonly length: number };
  readonly offlineQueue: { readonly length: number };
}

type SendCommand = Redis['sendCommand'];

/** Commands that leave the connection another one than it was, and that nothing undoes as cheaply as a new connection. */
const CHANGES: ReadonlySet<string> = new Set([
  ...['subscribe', 'psubscribe', 'ssubscribe', 'monitor', 'sync', 'psync'],
  ...['auth', 'hello', 'readonly', 'readwrite', 'reset', 'quit'],
]);
/** Of `CLIENT`, those that change nothing here. */
const HARMLESS_CLIENT_COMMANDS: ReadonlySet<string> = new Set([
  'id',
  'info',
  'list',
  'getname',
  'getredir',
  'trackinginfo',
  'kill',
  'pause',
  'unpause',
  'unblock',
  'help',
]);
/** How long the answers that a borrower did not wait for may take. */
const ANSWER_MILLIS = 1000;

/** What a borrower does to a connection, as far as the next would feel it. It goes by the commands that are sent. */
export class Session {
  readonly #redis: Redis;
  /** The database that the connection was opened with. */
  readonly #database: number;
  /** ioredis itself does not take note of `call('SELECT', …)`. */
  #selected: number;
  #inTransaction = false;
  #watches = false;
  /** The command after which the connection can't be restored. */
  #change: string | undefined;

  /** @param redis a client that is ready */
  constructor(redis: Redis) {
    this.#redis = redis;
    this.#database = stateOf(redis).condition?.select ?? 0;
    this.#selected = this.#database;
    const { sendCommand } = redis;
    redis.sendCommand = ((command, ...more) => {
      this.#note(command.name.toLowerCase(), command.args);
      return Reflect.apply(sendCommand, redis, [command, ...more]);
    }) as SendCommand;
  }

  /**
   * Makes the connection what it was. If there is nothing to undo, nothing is sent.
   *
   * @throws (rejects) if it can't be done, or not soon
   */
  async restore(): Promise<void> {
    if (this.#redis.status !== 'ready') throw new Error(`it is not ready, but in status ${this.#redis.status}`);
    if (this.#change !== undefined) throw new Error(`its borrower has sent ${this.#change.toUpperCase()}`);
    const undoing = this.#undo();
    // Redis answers in order: after this one nothing is outstanding.
    if (undoing.length === 0 && this.#isBusy) undoing.push(this.#redis.ping());
    if (undoing.length > 0) await soon(Promise.all(undoing));
  }

  #undo(): Promise<unknown>[] {
    const undoing: Promise<unknown>[] = [];
    if (this.#inTransaction) undoing.push(this.#redis.discard());
    else if (this.#watches) undoing.push(this.#redis.unwatch());
    if (this.#selected !== this.#database) undoing.push(this.#redis.select(this.#database));
    return undoing;
  }

  #note(name: string, [first]: readonly unknown[]): void {
    if (name === 'multi') {
      this.#inTransaction = true;
    } else if (name === 'watch') {
      this.#watches = true;
    } else if (name === 'unwatch') {
      // Within a transaction it is only queued.
      if (!this.#inTransaction) this.#watches = false;
    } else if (name === 'exec' || name === 'discard') {
      this.#inTransaction = false;
      this.#watches = false;
    } else if (CHANGES.has(name) || (name === 'client' && !HARMLESS_CLIENT_COMMANDS.has(String(first).toLowerCase()))) {
      this.#change ??= name;
    } else if (name === 'select') {
      // Within a transaction it may be discarded.
      if (this.#inTransaction) this.#change ??= 'select within a transaction';
      this.#selected = Number(first);
    }
  }

  get #isBusy(): boolean {
    const { commandQueue, offlineQueue } = stateOf(this.#redis);
    return commandQueue.length + offlineQueue.length + this.#redis.autoPipelineQueueSize > 0;
  }
}

async function soon(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const tell = () => reject(new Error(`a command was not answered within ${ANSWER_MILLIS} ms`));
    timer = setTimeout(tell, ANSWER_MILLIS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // What comes late is not told to anybody.
    work.catch(() => {});
  }
}

function stateOf(redis: Redis): ClientState {
  return redis as unknown as ClientState;
}
