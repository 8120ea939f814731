import { expect } from 'vitest';
import { startProgramServer } from './programs.js';
import { rootOf } from './service.js';
import type { Matrix } from './test-faults.js';

const PORTS = { port: 5001, tlsPort: 5002 };

export const NET: Matrix = {
  adapter: 'net',
  program: new URL('./net-client.mjs', import.meta.url),
  start: (host) => startProgramServer(host, new URL('./net-server.mjs', import.meta.url), PORTS),
  // 2 transports x 3 states with sockets x 2 each.
  sockets: 12,
  callers: 2,
  expectError(fault, state, told, cell) {
    if (state === 'connecting') {
      expect(told.code, cell).toBe('ERR_POOL_ACQUIRE_TIMEOUT');
      expect(fault.refuses, cell).toContain(rootOf(told).code);
    } else {
      // An idle one that did not answer, after its sibling had failed, is evicted without an error of its own.
      const ends = fault.silent && state === 'idle' ? [undefined, ...fault.ends] : fault.ends;
      expect(ends, cell).toContain(told.code);
    }
  },
};
