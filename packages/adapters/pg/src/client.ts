import { EventEmitter, once } from 'node:events';
import type pg from 'pg';

/**
 * What is read of a client that its types leave out. pg-pool reads the first two itself; in older versions of pg the queue
 * has another name. A class of the user's own may lack them all.
 */
interface ClientState {
  readonly _queryable?: boolean;
  readonly _ending?: boolean;
  readonly readyForQuery?: boolean;
  readonly _activeQuery?: unknown;
  readonly activeQuery?: unknown;
  readonly _queryQueue?: readonly unknown[];
  readonly queryQueue?: readonly unknown[];
  readonly _sentQueryQueue?: readonly unknown[];
  /** What speaks the protocol. */
  readonly connection?: unknown;
  ref?(): void;
  unref?(): void;
  getTransactionStatus?(): string | null;
}

/** Whether the client can take a query: its connection has neither failed nor been ended. */
export function isQueryable(client: pg.ClientBase): boolean {
  const { _queryable, _ending } = stateOf(client);
  return _queryable !== false && _ending !== true;
}

/** Whether the server owes the client an answer. */
export function isBusy(client: pg.ClientBase): boolean {
  return stateOf(client).readyForQuery === false || hasQueries(client);
}

/**
 * Whether the last query has failed, and only the server's word is missing that it is ready for the next. It sends the two one
 * after the other, and pg tells of the error at once.
 */
export function isAboutToBeReady(client: pg.ClientBase): boolean {
  return stateOf(client).readyForQuery === false && !hasQueries(client);
}

function hasQueries(client: pg.ClientBase): boolean {
  const state = stateOf(client);
  // In this order: reading the old names of a new client warns.
  const active = '_activeQuery' in client ? state._activeQuery : state.activeQuery;
  const waiting = state._queryQueue ?? state.queryQueue ?? [];
  const sent = state._sentQueryQueue ?? [];
  return Boolean(active) || waiting.length + sent.length > 0;
}

/** Whether the client is outside of a transaction; false if it can't tell. */
export function isOutsideTransaction(client: pg.ClientBase): boolean {
  return transactionStatusOf(client) === 'I';
}

/** Whether a transaction is open, failed or not; false if the client can't tell. */
export function isInTransaction(client: pg.ClientBase): boolean {
  const status = transactionStatusOf(client);
  return status === 'T' || status === 'E';
}

/** What the server has said last: https://www.postgresql.org/docs/current/protocol-message-formats.html (ReadyForQuery) */
const transactionStatuses = new WeakMap<pg.ClientBase, unknown>();

/**
 * Keeps what the server says of transactions, for older versions of pg, which don't. To be called before the client connects:
 * so it is known before the driver calls back with a query's result, and the client is given back there.
 */
export function followTransactions(client: pg.ClientBase): void {
  const { getTransactionStatus, connection } = stateOf(client);
  if (getTransactionStatus || !(connection instanceof EventEmitter)) return;
  connection.on('readyForQuery', (message) => transactionStatuses.set(client, Object(message).status));
}

function transactionStatusOf(client: pg.ClientBase): unknown {
  return stateOf(client).getTransactionStatus?.() ?? transactionStatuses.get(client);
}

/** Waits for all answers that the server owes a busy client. @returns whether they came in time */
export async function becomesReady(client: pg.ClientBase, timeoutMillis: number): Promise<boolean> {
  try {
    // Rejects as soon as the client has an error, too.
    await once(client, 'drain', { signal: AbortSignal.timeout(timeoutMillis) });
    return isQueryable(client);
  } catch {
    return false;
  }
}

/** Opens a client's connection. */
export function connect(client: pg.ClientBase): Promise<void> {
  return new Promise((resolve, reject) => {
    client.connect((error: Error | null | undefined) => (error ? reject(error) : resolve()));
  });
}

/** Says goodbye to the server and closes the connection. Resolves once it is closed. */
export function end(client: pg.ClientBase): Promise<void> {
  return new Promise((resolve) => {
    (client as pg.Client).end(() => resolve());
  });
}

/** Says whether the process may end while this client is connected. */
export function keepProcessAlive(client: pg.ClientBase, keep: boolean): void {
  if (keep) stateOf(client).ref?.();
  else stateOf(client).unref?.();
}

function stateOf(client: pg.ClientBase): ClientState {
  return client as unknown as ClientState;
}
