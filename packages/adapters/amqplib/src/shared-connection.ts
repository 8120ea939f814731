import type { Socket } from 'node:net';
import { type Verdict, verdict } from '@lifeguard/tcp';
import type { ChannelModel } from 'amqplib';
import { succeeds } from './deadline.js';

/** Opens a connection, and tells of its socket before that connects. */
export type Opener = (onSocket: (socket: Socket) => void) => Promise<ChannelModel>;

/** What a server may take to say that a connection is closed. */
const CLOSE_MILLIS = 1000;

/** Connections for many channels each: opened when they are needed, closed when nobody is on them any more. */
export class SharedConnections {
  readonly #max: number;
  readonly #opener: Opener;
  readonly #connections = new Set<SharedConnection>();

  /** @param max connections at most */
  constructor(max: number, opener: Opener) {
    this.#max = max;
    this.#opener = opener;
  }

  /** Joins the connection with the fewest channels; a new one, as long as there may be more. */
  join(): SharedConnection {
    const byLoad = [...this.#connections]
      .filter(({ isGood }) => isGood)
      .sort((one, other) => one.members - other.members);
    const [idlest] = byLoad;
    const connection = idlest && byLoad.length >= this.#max ? idlest : this.#open();
    connection.members += 1;
    return connection;
  }

  #open(): SharedConnection {
    const connection = new SharedConnection(this.#opener, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    return connection;
  }
}

/** One connection, and how many are on it. */
export class SharedConnection {
  /** Who has joined and not left: a channel, or somebody who is about to open one. */
  members = 0;
  readonly #model: Promise<ChannelModel>;
  readonly #forget: () => void;
  #socket: Socket | undefined;
  #over = false;

  constructor(opener: Opener, forget: () => void) {
    this.#forget = forget;
    const onSocket = (socket: Socket) => {
      this.#socket = socket;
    };
    // In a turn of its own: nobody who captures what is opened at once is to have the socket.
    this.#model = Promise.resolve().then(() => opener(onSocket));
    const end = () => this.#end();
    // Whoever has joined is told of an error.
    this.#model.then((model) => model.on('close', end), end);
  }

  /** Rejects as `connect` does. */
  get model(): Promise<ChannelModel> {
    return this.#model;
  }

  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Whether a channel more can be expected to be served. */
  get isGood(): boolean {
    return !this.#over && !BAD.has(this.#socket === undefined ? 'unknown' : verdict(this.#socket));
  }

  /** Closes it after the last. Settles when no socket is left then. Never rejects. */
  async leave(): Promise<void> {
    this.members -= 1;
    if (this.members > 0 || this.#over) return;
    this.#end();
    const model = await this.#model.catch(() => undefined);
    if (model === undefined) return;
    await succeeds(CLOSE_MILLIS, () => model.close());
    await this.#closeSocket();
  }

  #end(): void {
    this.#over = true;
    this.#forget();
  }

  async #closeSocket(): Promise<void> {
    const socket = this.#socket;
    if (socket === undefined || socket.closed) return;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.destroy();
    await closed;
  }
}

/** Of a socket that nothing more is to be begun on. */
export const BAD: ReadonlySet<Verdict> = new Set(['suspect', 'dead']);
