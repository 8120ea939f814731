import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { Pool, type PoolMessage } from '@lifeguard/pool';
import { custodyOf } from './custody.js';

const followed = new WeakSet<object>();
let subscribed = false;

/**
 * From now on a socket of this package that some pool takes on learns of its loans. A factory is told of returns only, and
 * so can't tell the bytes that the next borrower is to read from those that nobody has asked for.
 */
export function followLoans(): void {
  if (subscribed) return;
  subscribed = true;
  subscribe('lifeguard:pool:connect', (message) => {
    const { pool, connection } = message as PoolMessage;
    const custody = custodyOf(connection);
    if (custody === undefined || !(pool instanceof Pool)) return;
    custody.adopt();
    follow(pool);
  });
}

function follow(pool: Pool<Socket>): void {
  if (followed.has(pool)) return;
  followed.add(pool);
  pool.on('acquire', (socket) => custodyOf(socket)?.lend());
}
