import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TcpOptions } from '@lifeguard/tcp';
import type { Sysctls } from '../doctor/sysctls.js';
import type { Address, Side } from './drivers/driver.js';
import { DRIVERS, type DriverName } from './drivers/drivers.js';
import { ConnectionLog } from './page/connections.js';
import { type FromWorker, type Opening, START } from './protocol.js';
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
  /** It has opened its connections. */
  ready: [];
  /** A query was answered, at that time by `now()`. */
  answered: [at: number];
  /** The process has ended, which it does not do by itself. */
  error: [error: Error];
}

/** One of the services that are compared: the workload on a driver, in a process of its own. */
export class Service extends EventEmitter<ServiceEvents> {
  readonly driver: DriverName;
  readonly side: Side;
  /** The contender's. */
  readonly name: string;
  readonly tally = new Tally();
  /** What the kernel told of its connections. */
  readonly log = new ConnectionLog();
  readonly #worker: WorkerProcess;
  #tcp: Readonly<Partial<TcpOptions>> = {};
  #sysctls: Sysctls | undefined;

  constructor(driver: DriverName, side: Side, worker: WorkerProcess) {
    super();
    this.driver = driver;
    this.side = side;
    this.name = DRIVERS[driver][side].name;
    this.#worker = worker;
    worker.messages.on('message', (message: FromWorker) => this.#note(message));
    void this.#watch();
  }

  /** The options of one of its sockets, read back from the kernel, once it is ready. */
  get tcp(): Readonly<Partial<TcpOptions>> {
    return this.#tcp;
  }

  /** Of the network that it is in, once it is ready; `undefined` outside Linux. */
  get sysctls(): Sysctls | undefined {
    return this.#sysctls;
  }

  /** Has the contender opened, and all its connections. Emits `'ready'` after that. */
  open(address: Address): Promise<void> {
    return this.#worker.send({ driver: this.driver, side: this.side, address });
  }

  /** Starts the steady workload. */
  start(): Promise<void> {
    return this.#worker.send(START);
  }

  #note(message: FromWorker): void {
    if (message.type === 'ready') {
      this.#tcp = message.tcp;
      this.#sysctls = message.sysctls;
      this.emit('ready');
    } else if (message.type === 'sockets') {
      this.log.note(message.sample);
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
