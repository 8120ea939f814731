import { type Host, redisUnavailable, startRedis } from '@lifeguard/lab';
import { expect } from 'vitest';
import { type Promises, rootOf, usualBounds } from './service.js';
import type { Matrix, Servers } from './test-faults.js';

/** A connect that nobody answers is given up after 0.75 s, and the next is begun at once. */
const RECONNECT_MILLIS = 850;
/** The same after a power failure. */
const OPTIONS = { password: 'known', tls: true };

export const IOREDIS: Matrix = {
  adapter: 'ioredis',
  program: new URL('./ioredis-client.mjs', import.meta.url),
  unavailable: redisUnavailable(),
  start,
  // 2 transports x (6 clients and 3 pools that hold 2).
  sockets: 24,
  ...promisesOf(/^(Connection is closed\.|Reached the max retries per request limit|closed|peer-closed)/),
};

export const REDIS: Matrix = {
  adapter: 'redis',
  program: new URL('./redis-client.mjs', import.meta.url),
  unavailable: redisUnavailable(),
  start,
  // 2 transports x (5 clients and 3 pools that hold 2).
  sockets: 22,
  ...promisesOf(/^(Socket closed unexpectedly|The client is closed|peer-closed|kept for the next)/),
};

async function start(where: Host): Promise<Servers> {
  const redis = await startRedis(where, OPTIONS);
  const { host, port, tlsPort, password } = redis;
  return { access: { host, port, tlsPort, password }, kill: () => redis.kill(), restart: () => redis.restart() };
}

/** @param ends what a call is told that was in flight, or that waited for a connection, when its connection ended */
function promisesOf(ends: RegExp): Omit<Promises, 'sockets'> {
  return {
    expectError(fault, state, told, cell) {
      const { message, code } = told;
      if (state === 'pooled, connecting') {
        expect(code, cell).toBe('ERR_POOL_ACQUIRE_TIMEOUT');
        expect(fault.refuses, cell).toContain(rootOf(told).code);
      } else if (fault.ends.includes(String(code))) {
        expect(message, cell).toContain(String(code));
      } else {
        expect(message, cell).toMatch(ends);
      }
    },
    bounds: (fault, outcome) => (outcome.state === 'queued' ? [0, RECONNECT_MILLIS] : usualBounds(fault, outcome)),
  };
}
