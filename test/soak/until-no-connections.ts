import { setTimeout as delay } from 'node:timers/promises';
import type { Remote } from './calls.js';
import { now } from './clock.js';
import type { ObserverOperations } from './observer.js';

/** Longer than the server needs to see that a client is gone, and to send again what was lost. */
const PATIENCE_MILLIS = 20_000;

/** Waits until the server has no connection any more. Gives back how many it has if the time is up. */
export async function untilNoConnections(observer: Remote<ObserverOperations>): Promise<number> {
  const deadline = now() + PATIENCE_MILLIS;
  for (;;) {
    const connections = await observer.call('connections');
    if (connections === 0 || now() > deadline) return connections;
    await delay(100);
  }
}
