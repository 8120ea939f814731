import type { Socket } from 'node:net';
import { onClientSocket } from '@lifeguard/tcp';
import { within } from '../deadline.js';
import type { Factory } from '../factory.js';
import type { Logger } from '../log.js';
import type { PoolOptions } from '../options.js';
import { createPool, type Pool } from '../pool.js';
import { closed, Relay } from './relay.js';
import type { Subject } from './subject.js';

/** What any one step may take: on loopback nothing takes a tenth of it. */
const STEP_MILLIS = 5000;

const ignore = () => {};
const silent: Logger = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** What one check works with: the relay, the factory, pools that are closed afterwards, and the driver's sockets. */
export class Scene<T> {
  readonly relay: Relay;
  readonly factory: Factory<T>;
  readonly subject: Subject<T>;
  readonly #sockets = new Set<Socket>();
  readonly #pools = new Set<Pick<Pool<T>, 'close'>>();
  /** Errors that would have ended a process without a test runner. */
  readonly #unheard: unknown[] = [];

  private constructor(subject: Subject<T>, relay: Relay) {
    this.subject = subject;
    this.relay = relay;
    this.factory = subject.makeFactory(relay.address);
  }

  /** Sets the scene, plays, and clears away. Rejects if `play` does, or if an error was heard by nobody. */
  static async play<T>(subject: Subject<T>, play: (scene: Scene<T>) => Promise<void>): Promise<void> {
    const relay = await Relay.start(await subject.server());
    try {
      await new Scene(subject, relay).#play(play);
    } finally {
      relay.close();
    }
  }

  async #play(play: (scene: Scene<T>) => Promise<void>): Promise<void> {
    const hear = (error: unknown) => this.#unheard.push(error);
    process.on('uncaughtException', hear).on('unhandledRejection', hear);
    const unsubscribe = onClientSocket((socket) => this.#sockets.add(socket));
    try {
      await play(this);
      await Promise.all(Array.from(this.#pools, (pool) => soon('closing the pool', () => pool.close())));
    } finally {
      unsubscribe();
      await Promise.all(Array.from(this.#pools, (pool) => pool.close({ timeoutMillis: 1 })));
      this.relay.close();
      // What a promise rejects with and nobody hears is told a turn of the event loop later.
      await new Promise((resolve) => setImmediate(resolve));
      process.off('uncaughtException', hear).off('unhandledRejection', hear);
    }
    if (this.#unheard.length > 0) throw new AggregateError(this.#unheard, 'an error was heard by nobody');
  }

  /** A pool of one connection, unless told otherwise. */
  open(options: PoolOptions = {}): Pool<T> {
    return this.openFor(this.factory, options);
  }

  openFor<U>(factory: Factory<U>, options: PoolOptions = {}): Pool<U> {
    const pool = createPool(factory, { max: 1, logger: silent, acquireTimeoutMillis: STEP_MILLIS, ...options });
    this.#pools.add(pool);
    return pool;
  }

  /** The sockets to the relay that the driver has opened and not closed. */
  get sockets(): Socket[] {
    const { port } = this.relay.address;
    return [...this.#sockets].filter((socket) => socket.remotePort === port && !socket.destroyed);
  }

  /** Ends every connection, and resolves once the driver's sockets have noticed. */
  async lose(how: 'reset' | 'end'): Promise<void> {
    const { sockets } = this;
    this.relay[how]();
    await soon('the driver noticing its lost connection', () => Promise.all(sockets.map(closed)));
    // The driver's own listeners come after ours.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Whether the connection works: the server answers. */
  async ask(connection: T): Promise<void> {
    await soon('asking the server', () => this.subject.ask(connection));
  }
}

/** Bounds a step, so that what hangs says what hangs. */
export function soon<R>(what: string, step: () => R): Promise<Awaited<R>> {
  const late = () => new Error(`${what} took longer than ${STEP_MILLIS} ms`);
  return within(STEP_MILLIS, step, late) as Promise<Awaited<R>>;
}
