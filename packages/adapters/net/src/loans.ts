import { subscribe } from 'node:diagnostics_channel';
import { Pool, type PoolMessage } from '@lifeguard/pool';
import { custodyOf } from './custody.js';

let subscribed = false;

/**
 * From now on a socket of this package that some pool takes on can ask it whether it is lent. A factory is told of returns
 * only, and so can't tell the bytes that the next borrower is to read from those that nobody has asked for.
 */
export function followLoans(): void {
  if (subscribed) return;
  subscribed = true;
  subscribe('lifeguard:pool:connect', (message) => {
    const { pool, connection } = message as PoolMessage;
    if (pool instanceof Pool) custodyOf(connection)?.adopt(pool);
  });
}
