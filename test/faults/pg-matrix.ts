import { type Host, startPostgres } from '@lifeguard/lab';
import { expect } from 'vitest';
import { rootOf } from './service.js';
import type { Matrix, Servers } from './test-faults.js';

/** The same after a power failure. */
const OPTIONS = { port: 5432, password: 'known', tls: true };

export const PG: Matrix = {
  adapter: 'pg',
  program: new URL('./pg-client.mjs', import.meta.url),
  start,
  // 2 transports x 3 states with connections x 2 each.
  sockets: 12,
  callers: 2,
  expectError(fault, state, told, cell) {
    if (state === 'idle' && told.code === undefined) {
      // Its driver was the first to say that it had ended.
      expect(told.message, cell).toBe('Connection terminated unexpectedly');
    } else if (state !== 'connecting') {
      expect(fault.ends, cell).toContain(told.code);
    } else {
      expect(told.code, cell).toBe('ERR_POOL_ACQUIRE_TIMEOUT');
      expect(fault.refuses, cell).toContain(rootOf(told).code);
    }
  },
};

async function start(where: Host): Promise<Servers> {
  const postgres = await startPostgres(where, OPTIONS);
  const { host, port, user, password, database } = postgres;
  return {
    access: { server: { host, port, user, password, database } },
    kill: () => postgres.kill(),
    restart: () => postgres.restart(),
  };
}
