import { EventEmitter } from 'node:events';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import {
  becomesReady,
  followTransactions,
  isAboutToBeReady,
  isBusy,
  isInTransaction,
  isOutsideTransaction,
  isQueryable,
} from './client.js';

/** A class of the user's own, with these members. */
const clientWith = (members: object) => Object.assign(new EventEmitter(), members) as unknown as pg.Client;

describe('whether the server owes an answer', () => {
  test.each([
    ['just connected', { readyForQuery: true, _activeQuery: null, _queryQueue: [], _sentQueryQueue: [] }, false],
    ['in a query', { readyForQuery: false, _activeQuery: {}, _queryQueue: [] }, true],
    ['after an error, before the server is ready', { readyForQuery: false, _activeQuery: null, _queryQueue: [] }, true],
    ['in the callback of a query with another behind it', { readyForQuery: true, _queryQueue: [{}] }, true],
    ['the same in older versions of pg', { readyForQuery: true, queryQueue: [{}] }, true],
    ['in a pipeline', { readyForQuery: true, _queryQueue: [], _sentQueryQueue: [{}] }, true],
    ['native, in a query', { _activeQuery: {}, _queryQueue: [] }, true],
    ['of a class that does not tell', {}, false],
  ])('%s', (_, members, expected) => {
    expect(isBusy(clientWith(members))).toBe(expected);
  });

  test.each([
    ['after an error, before the server is ready', { readyForQuery: false, _activeQuery: null, _queryQueue: [] }, true],
    ['the same in older versions of pg', { readyForQuery: false, activeQuery: null, queryQueue: [] }, true],
    ['in a query', { readyForQuery: false, _activeQuery: {}, _queryQueue: [] }, false],
    ['in a query, in older versions of pg', { readyForQuery: false, activeQuery: {}, queryQueue: [] }, false],
    ['after an error, with another query behind it', { readyForQuery: false, _queryQueue: [{}] }, false],
    ['ready', { readyForQuery: true, _activeQuery: null, _queryQueue: [] }, false],
    ['of a class that does not tell', {}, false],
  ])('or only its word that it is ready: %s', (_, members, expected) => {
    expect(isAboutToBeReady(clientWith(members))).toBe(expected);
  });

  test('a query that waits for the connection counts', async () => {
    const client = new pg.Client();
    expect(isBusy(client)).toBe(false);
    void client.query('SELECT 1');
    expect(isBusy(client)).toBe(true);
  });
});

test('a client can be queried until its connection has failed or been ended', () => {
  expect(isQueryable(new pg.Client())).toBe(true);
  expect(isQueryable(clientWith({}))).toBe(true);
  expect(isQueryable(clientWith({ _queryable: false }))).toBe(false);
  expect(isQueryable(clientWith({ _queryable: true, _ending: true }))).toBe(false);
});

test('a client that can’t tell is taken to be in a transaction', () => {
  expect(isOutsideTransaction(clientWith({}))).toBe(false);
  expect(isOutsideTransaction(clientWith({ getTransactionStatus: () => 'T' }))).toBe(false);
  expect(isOutsideTransaction(clientWith({ getTransactionStatus: () => 'E' }))).toBe(false);
  expect(isOutsideTransaction(clientWith({ getTransactionStatus: () => 'I' }))).toBe(true);
});

test('a transaction is open when the client says so, and not when it can’t tell', () => {
  const states = ['T', 'E', 'I', null].map((status) => clientWith({ getTransactionStatus: () => status }));
  expect([...states, clientWith({})].map(isInTransaction)).toEqual([true, true, false, false, false]);
});

describe('waiting for the answers', () => {
  test('ends with the last of them', async () => {
    const client = clientWith({});
    const ready = becomesReady(client, 60_000);
    client.emit('drain');
    await expect(ready).resolves.toBe(true);
  });

  test('ends in vain when the connection fails', async () => {
    const client = clientWith({});
    const ready = becomesReady(client, 60_000);
    client.emit('error', new Error('Connection terminated unexpectedly'));
    await expect(ready).resolves.toBe(false);
  });

  test('ends in vain when time is up, and leaves no listener', async () => {
    const client = clientWith({});
    await expect(becomesReady(client, 5)).resolves.toBe(false);
    expect(client.listenerCount('drain') + client.listenerCount('error')).toBe(0);
  });
});

test('of older versions of pg, which don’t tell of transactions, it is known by what the server says', () => {
  const connection = new EventEmitter();
  const client = clientWith({ connection });
  followTransactions(client);
  const status = () => [isInTransaction(client), isOutsideTransaction(client)];
  expect(status()).toEqual([false, false]);
  connection.emit('readyForQuery', { status: 'T' });
  expect(status()).toEqual([true, false]);
  connection.emit('readyForQuery', { status: 'E' });
  expect(status()).toEqual([true, false]);
  connection.emit('readyForQuery', { status: 'I' });
  expect(status()).toEqual([false, true]);
});
