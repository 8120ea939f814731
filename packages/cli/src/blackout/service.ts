import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TcpOptions } from '@lifeguard/tcp';
import { type Database, type FromWorker, type Opening, type PoolName, START } from './protocol.js';
import { Tally } from './tally.js';
import type { QueryEvent } from './workload.js';

/** A process that runs `worker.js`, wherever that may be. */
export interface WorkerProcess {
  /** Emits `'message'`. */
  readonly messages: EventEmitter;
  readonly stderr: Readable;
  /** Settles when it has ended. */
  readonly exited: Promise<unknown>;
  send(message: Opening | typeof START): Promise<void>;
}

interface ServiceEvents {
  /** The pool has opened its connections. */
  ready: [];
  /** A query was answered, at that time by `now()`. */
  answered: [at: number];
  /** The process has ended, which it does not do by itself. */
  error: [error: Error];
}

/** One of the services that are compared: the workload on a pool, in a process of its own. */
export class Service extends EventEmitter<ServiceEvents> {
  readonly name: PoolName;
  readonly tally = new Tally();
  readonly #worker: WorkerProcess;
  #tcp: Readonly<Partial<TcpOptions>> = {};

  constructor(name: PoolName, worker: WorkerProcess) {
    super();
    this.name = name;
    this.#worker = worker;
    worker.messages.on('message', (message: FromWorker) => this.#note(message));
    void this.#watch();
  }

  /** The options of one of the pool's sockets, read back from the kernel, once it is ready. */
  get tcp(): Readonly<Partial<TcpOptions>> {
    return this.#tcp;
  }

  /** Makes the pool, and has it open its connections. Emits `'ready'` after that. */
  open(database: Database): Promise<void> {
    return this.#worker.send({ pool: this.name, database });
  }

  /** Starts the steady workload. */
  start(): Promise<void> {
    return this.#worker.send(START);
  }

  #note(message: FromWorker): void {
    if (message.type === 'ready') {
      this.#tcp = message.tcp;
      this.emit('ready');
    } else {
      this.#noteQuery(message.query);
    }
  }

  #noteQuery(query: QueryEvent): void {
    this.tally.note(query);
    if (query.event === 'answered') this.emit('answered', query.at);
  }

  async #watch(): Promise<void> {
    const [words] = await Promise.all([text(this.#worker.stderr), this.#worker.exited]);
    this.emit('error', new Error(`the service on ${this.name} has ended: ${words.trim() || 'it does not say why'}`));
  }
}
