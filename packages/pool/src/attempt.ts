import type { Attempt } from './connector.js';
import { ConnectTimeoutError, PoolClosedError } from './errors.js';
import type { Factory } from './factory.js';
import type { Watch } from './watch.js';

/** What a connect brings. */
export interface Arrival<T> {
  readonly resource: T;
  readonly watch: Watch;
  /** How long the connect took. */
  readonly connectMillis: number;
}

/**
 * Starts one `create` of the factory, bounded. When its time is up its sockets are closed, and what it brings after that
 * goes to `late`, for a driver may take no notice.
 */
export function startAttempt<T>(
  factory: Factory<T>,
  watch: Watch,
  timeoutMillis: number,
  late: (arrival: Arrival<T>) => void,
): Attempt<Arrival<T>> {
  const startedAt = performance.now();
  let abort = () => {};
  const result = new Promise<Arrival<T>>((resolve, reject) => {
    let over = false;
    const finish = () => {
      over = true;
      clearTimeout(timer);
    };
    const fail = (error: unknown) => {
      if (over) return;
      finish();
      watch.closeSockets();
      reject(error);
    };
    const timer = setTimeout(() => fail(new ConnectTimeoutError(timeoutMillis)), timeoutMillis);
    abort = () => fail(new PoolClosedError());
    create(factory, watch).then((resource) => {
      const arrival = { resource, watch, connectMillis: performance.now() - startedAt };
      if (over) return late(arrival);
      finish();
      resolve(arrival);
    }, fail);
  });
  return {
    result,
    get progress() {
      return watch.progress;
    },
    abort,
  };
}

/** Turns a `create` that throws into one that rejects. */
async function create<T>(factory: Factory<T>, watch: Watch): Promise<T> {
  return watch.open(() => factory.create());
}
