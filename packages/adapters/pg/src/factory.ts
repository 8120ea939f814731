import type { Factory } from '@lifeguard/pool';
import pg from 'pg';
import { isCallersFault, isFatal, isPermanent } from './classify.js';
import {
  becomesReady,
  connect,
  end,
  followTransactions,
  isAboutToBeReady,
  isBusy,
  isInTransaction,
  isOutsideTransaction,
  isQueryable,
} from './client.js';
import { checkConnectionString } from './connection-string.js';

/**
 * Makes clients for `createPool` of `@lifeguard/pool`.
 *
 * On its return a transaction that was left open is rolled back, and a client with a query under way is closed. What was
 * `SET` for the session stays. A client that is released with an error goes back only if no query is under way and no
 * transaction is open.
 *
 * @param config as for `new pg.Client`: what is left out comes from the variables PGHOST, PGUSER, …
 * @throws {ConfigError} if the connection string can't be parsed
 */
export function pgFactory(config?: string | pg.ClientConfig): Factory<pg.Client> {
  checkConnectionString(typeof config === 'string' ? config : config?.connectionString);
  const opensAtOnce = typeof config === 'string' || !config?.stream;
  return { ...clientFactory({ make: () => new pg.Client(config), opensAtOnce }), reset: clean };
}

/** How a client is made and brought to where it can be lent. If one of these fails, the caller is to blame, and told. */
export interface ClientSteps<C> {
  make(): C;
  /** Whether the client opens its socket inside its `connect`: pg's own does, another class or stream may not. */
  readonly opensAtOnce?: boolean;
  /** Works on the connected client. Not to blame if the connection fails under it. */
  prepare?(client: C): Promise<void>;
}

/** `pgFactory` for any class with the face of `pg.Client`. */
export function clientFactory<C extends pg.ClientBase>(steps: ClientSteps<C>): Factory<C> {
  /** What these steps threw: it may look like any other error. */
  const ofCaller = new WeakSet<object>();
  const isOfCaller = (error: unknown) => ofCaller.has(Object(error));
  return {
    name: 'pg',
    opensAtOnce: steps.opensAtOnce ?? false,
    create: () => open(steps, (error) => ofCaller.add(Object(error))),
    destroy: end,
    validate: async (client) => {
      await client.query('SELECT 1');
      return true;
    },
    isFatal: (error, client) => isFatal(error) || !isQueryable(client) || !isDone(client),
    isPermanent: (error) => !isOfCaller(error) && isPermanent(error),
    isCallersFault: (error) => isOfCaller(error) || isCallersFault(error),
  };
}

/** As far as can be told before the server says so, for an error may have come just now: see `clean`. */
function isDone(client: pg.ClientBase): boolean {
  return (!isBusy(client) || isAboutToBeReady(client)) && isOutsideTransaction(client);
}

/** What the next borrower must not find: answers that are not his, and a transaction that he did not begin. */
function clean(client: pg.ClientBase): Promise<unknown> | undefined {
  if (isAboutToBeReady(client)) return cleanWhenReady(client);
  if (isBusy(client)) throw new Error('released with a query under way');
  return isInTransaction(client) ? client.query('ROLLBACK') : undefined;
}

async function cleanWhenReady(client: pg.ClientBase): Promise<void> {
  const isReady = await becomesReady(client, READY_MILLIS);
  if (!isReady) throw new Error(`not ready ${READY_MILLIS} ms after a statement that failed`);
  await clean(client);
}

/** From a statement's error to the server's word that it is ready for the next. */
const READY_MILLIS = 1000;

async function open<C extends pg.ClientBase>(steps: ClientSteps<C>, blame: (error: unknown) => void): Promise<C> {
  const client = make(steps, blame);
  // An error that nobody listens to would end the process.
  client.on('error', () => {});
  followTransactions(client);
  await connect(client);
  try {
    await steps.prepare?.(client);
  } catch (error) {
    if (isQueryable(client) && !isFatal(error)) blame(error);
    await end(client);
    throw error;
  }
  return client;
}

function make<C>(steps: ClientSteps<C>, blame: (error: unknown) => void): C {
  try {
    return steps.make();
  } catch (error) {
    blame(error);
    throw error;
  }
}
