import { EventEmitter } from 'node:events';
import type { DriverConnection } from './driver.js';
import type { Lender } from './lender.js';

/** What mariadb's pools of both APIs have in common. */
export class BasePool<C extends DriverConnection> extends EventEmitter {
  protected readonly lender: Lender<C>;

  constructor(lender: Lender<C>) {
    super();
    this.lender = lender;
    for (const event of ['connection', 'acquire', 'enqueue', 'release', 'error'] as const) this.#forward(event);
    // As in the driver: an error that nobody listens to would end the process.
    this.on('error', () => {});
  }

  get closed(): boolean {
    return this.lender.closed;
  }

  totalConnections(): number {
    return this.lender.total;
  }

  activeConnections(): number {
    return this.lender.active;
  }

  idleConnections(): number {
    return this.lender.idle;
  }

  taskQueueSize(): number {
    return this.lender.waiting;
  }

  override toString(): string {
    const { active, idle, max } = this.lender;
    return `active=${active} idle=${idle} limit=${max}`;
  }

  /** Only what somebody listens to: a listener for `'connection'` makes a difference. */
  #forward(event: 'connection' | 'acquire' | 'enqueue' | 'release' | 'error'): void {
    const forward = (...args: unknown[]) => void this.emit(event, ...args);
    this.on('newListener', (name) => {
      if (name === event && this.listenerCount(event) === 0) this.lender.on(event, forward);
    });
    this.on('removeListener', (name) => {
      if (name === event && this.listenerCount(event) === 0) this.lender.off(event, forward);
    });
  }
}
