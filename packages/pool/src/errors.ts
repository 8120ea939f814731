import { LifeguardError } from '@lifeguard/tcp';
import { whyNotConnected } from './why-not-connected.js';

/** A pool at one moment, for people: it stands in the message of what went wrong. */
export interface PoolState {
  readonly size: number;
  readonly idle: number;
  readonly lent: number;
  readonly waiting: number;
  readonly connecting: number;
}

/** Nobody gave a connection in time. `cause` is the last connect error, if connects have been failing. */
export class AcquireTimeoutError extends LifeguardError {
  override readonly name = 'TimeoutError';

  constructor(timeoutMillis: number, state: PoolState, cause?: unknown) {
    super(
      'ERR_POOL_ACQUIRE_TIMEOUT',
      `ResourceRequest timed out (acquire timeout ${timeoutMillis} ms): ${formatState(state)}${whyNotConnected(cause)}`,
      cause === undefined ? undefined : { cause },
    );
  }
}

/** As many callers wait as may wait. */
export class QueueFullError extends LifeguardError {
  override readonly name = 'QueueFullError';
  readonly state: PoolState;

  constructor(state: PoolState) {
    // generic-pool's words, to the letter: programs compare them.
    super('ERR_POOL_QUEUE_FULL', 'max waitingClients count exceeded');
    this.state = state;
  }
}

/** The pool lends nothing any more. */
export class PoolClosedError extends LifeguardError {
  override readonly name = 'PoolClosedError';

  constructor() {
    super('ERR_POOL_CLOSED', 'pool is draining and cannot accept work');
  }
}

/** One connect took longer than `connectTimeoutMillis`. */
export class ConnectTimeoutError extends LifeguardError {
  override readonly name = 'ConnectTimeoutError';

  constructor(timeoutMillis: number) {
    super('ERR_POOL_CONNECT', `connect timed out after ${timeoutMillis} ms (connectTimeoutMillis)`);
  }
}

/** One connect has not been answered for a while, and goes on. */
export class ConnectUnansweredError extends LifeguardError {
  override readonly name = 'ConnectUnansweredError';

  constructor(millis: number) {
    super('ERR_POOL_CONNECT', `connect not answered within ${Math.round(millis)} ms`);
  }
}

/** A connection was lost before it was ever lent. */
export class UselessConnectionError extends LifeguardError {
  override readonly name = 'UselessConnectionError';

  constructor(reason: string) {
    super('ERR_POOL_CONNECT', `a new connection was lost before it could be used (${reason})`);
  }
}

/** `create` brought a connection that the pool has already: it can't be lent twice. */
export class DuplicateConnectionError extends LifeguardError {
  override readonly name = 'DuplicateConnectionError';

  constructor() {
    super('ERR_POOL_CONNECT', 'create returned a connection that is in the pool already');
  }
}

/** `validate`, `reset` or `destroy` took longer than it may. */
export class StepTimeoutError extends LifeguardError {
  override readonly name = 'StepTimeoutError';

  constructor(step: string, timeoutMillis: number) {
    super('ERR_POOL_STEP_TIMEOUT', `${step} timed out after ${timeoutMillis} ms`);
  }
}

/** Borrowers kept their connections for longer than `drain` was told to wait. */
export class DrainTimeoutError extends LifeguardError {
  override readonly name = 'DrainTimeoutError';

  constructor(timeoutMillis: number, state: PoolState) {
    super('ERR_POOL_DRAIN_TIMEOUT', `drain timed out after ${timeoutMillis} ms: ${formatState(state)}`);
  }
}

/** The caller released or destroyed what it does not hold. */
export class NotBorrowedError extends LifeguardError {
  override readonly name = 'NotBorrowedError';

  constructor(known: boolean) {
    super(
      'ERR_POOL_NOT_BORROWED',
      known
        ? 'Resource not currently lent: it was released before (Resource not currently part of this pool)'
        : 'Resource not currently part of this pool: it never was, or has been destroyed',
    );
  }
}

function formatState({ size, idle, lent, waiting, connecting }: PoolState): string {
  return `size ${size}, idle ${idle}, lent ${lent}, waiting ${waiting}, connecting ${connecting}`;
}
