/** What is needed of a client of node-redis. */
export interface PooledClient {
  readonly isReady: boolean;
  readonly isPubSubActive: boolean;
  readonly options?: { readonly database?: number };
  sendCommand(args: readonly unknown[], options?: unknown): Promise<unknown>;
}

/** What sends several commands at once, which do not go by `sendCommand`. */
interface BatchClient {
  _executeMulti: ExecuteBatch;
  _executePipeline: ExecuteBatch;
}

type ExecuteBatch = (
  commands: readonly { readonly args: readonly unknown[] }[],
  ...more: unknown[]
) => Promise<unknown>;

/** Commands that leave the connection another one than it was, and that nothing undoes as cheaply as a new connection. */
const CHANGES: ReadonlySet<string> = new Set([
  ...['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'MONITOR', 'SYNC', 'PSYNC'],
  ...['AUTH', 'HELLO', 'READONLY', 'READWRITE', 'RESET', 'QUIT'],
]);
/** Of `CLIENT`, those that change nothing here. */
const HARMLESS_CLIENT_COMMANDS: ReadonlySet<string> = new Set([
  ...['ID', 'INFO', 'LIST', 'GETNAME', 'GETREDIR', 'TRACKINGINFO', 'KILL', 'PAUSE', 'UNPAUSE', 'UNBLOCK', 'HELP'],
]);
/** How long the answers that a borrower did not wait for may take. */
const ANSWER_MILLIS = 1000;

/** What a borrower does to a connection, as far as the next would feel it. It goes by the commands that are sent. */
export class Session {
  readonly #client: PooledClient;
  readonly #send: PooledClient['sendCommand'];
  /** The database that the connection was opened with. */
  readonly #database: number;
  #selected: number;
  #inTransaction = false;
  #watches = false;
  #unanswered = 0;
  /** The command after which the connection can't be restored. */
  #change: string | undefined;

  /** @param client one that is ready */
  constructor(client: PooledClient) {
    this.#client = client;
    this.#database = client.options?.database ?? 0;
    this.#selected = this.#database;
    // The client that `createClient` returns is a proxy, as are those for other options of commands; this is behind them all.
    const self = (client as { readonly _self?: PooledClient })._self ?? client;
    this.#send = self.sendCommand;
    this.#noteMonitoring(self as unknown as Record<string, unknown>);
    const session = this;
    self.sendCommand = function sendCommand(this: PooledClient, args, options) {
      session.#note(args);
      return session.#counted(Reflect.apply(session.#send, this, [args, options]));
    };
    this.#noteBatches(self as unknown as BatchClient);
  }

  #noteBatches(self: BatchClient): void {
    const session = this;
    for (const name of ['_executeMulti', '_executePipeline'] as const) {
      const { [name]: execute } = self;
      self[name] = function executeNoted(this: BatchClient, commands, ...more) {
        session.#noteBatch(commands, name === '_executeMulti');
        return session.#counted(Reflect.apply(execute, this, [commands, ...more]));
      };
    }
  }

  /** After a transaction is what was before: if keys were watched, nobody knows here whether it came to EXEC. */
  #noteBatch(commands: Parameters<ExecuteBatch>[0], isTransaction: boolean): void {
    const before = this.#inTransaction;
    if (isTransaction) this.#inTransaction = true;
    for (const { args } of commands) this.#note(args);
    if (isTransaction) this.#inTransaction = before;
  }

  /** It goes by no command that is sent here. */
  #noteMonitoring(self: Record<string, unknown>): void {
    for (const name of ['monitor', 'MONITOR']) {
      const monitor = self[name];
      if (typeof monitor !== 'function') continue;
      self[name] = (...args: unknown[]) => {
        this.#change ??= 'MONITOR';
        return Reflect.apply(monitor, self, args);
      };
    }
  }

  /**
   * Makes the connection what it was. If there is nothing to undo, nothing is sent.
   *
   * @throws (rejects) if it can't be done, or not soon
   */
  async restore(): Promise<void> {
    if (!this.#client.isReady) throw new Error('it is not ready');
    if (this.#client.isPubSubActive) throw new Error('its borrower has subscribed');
    if (this.#change !== undefined) throw new Error(`its borrower has sent ${this.#change}`);
    const undoing = this.#undo();
    // Redis answers in order: after this one nothing is outstanding.
    if (undoing.length === 0 && this.#unanswered > 0) undoing.push(['PING']);
    if (undoing.length > 0) await soon(Promise.all(undoing.map((command) => this.#client.sendCommand(command))));
  }

  #undo(): string[][] {
    const undoing: string[][] = [];
    if (this.#inTransaction) undoing.push(['DISCARD']);
    else if (this.#watches) undoing.push(['UNWATCH']);
    if (this.#selected !== this.#database) undoing.push(['SELECT', String(this.#database)]);
    return undoing;
  }

  #note([first, second]: readonly unknown[]): void {
    const name = String(first).toUpperCase();
    if (name === 'MULTI') {
      this.#inTransaction = true;
    } else if (name === 'WATCH') {
      this.#watches = true;
    } else if (name === 'UNWATCH') {
      // Within a transaction it is only queued.
      if (!this.#inTransaction) this.#watches = false;
    } else if (name === 'EXEC' || name === 'DISCARD') {
      this.#inTransaction = false;
      this.#watches = false;
    } else if (CHANGES.has(name) || (name === 'CLIENT' && !isHarmless(second))) {
      this.#change ??= name;
    } else if (name === 'SELECT') {
      // Within a transaction it may be discarded.
      if (this.#inTransaction) this.#change ??= 'SELECT within a transaction';
      this.#selected = Number(second);
    }
  }

  #counted(answer: Promise<unknown>): Promise<unknown> {
    this.#unanswered += 1;
    const answered = () => {
      this.#unanswered -= 1;
    };
    answer.then(answered, answered);
    return answer;
  }
}

function isHarmless(subcommand: unknown): boolean {
  return HARMLESS_CLIENT_COMMANDS.has(String(subcommand).toUpperCase());
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
