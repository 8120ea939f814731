import { expect } from 'vitest';
import { startProgramServer } from './programs.js';
import { rootOf, usualBounds } from './service.js';
import type { Matrix } from './test-faults.js';

/** A connect that nobody answers is given up after 0.75 s. */
const CONNECT_MILLIS = 750;
const UNAVAILABLE = 14;
const INTERNAL = 13;

const PORTS = { port: 50_051, tlsPort: 50_052 };

export const GRPC: Matrix = {
  adapter: 'grpc',
  program: new URL('./grpc-client.mjs', import.meta.url),
  start: (host) => startProgramServer(host, new URL('./grpc-server.mjs', import.meta.url), PORTS),
  // 2 transports x (4 clients and 3 pools with 2 connections each).
  sockets: 28,
  expectError(fault, state, told, cell) {
    if (state === 'idle') {
      expect(told.message, cell).toBe('not ready');
    } else if (state === 'pooled, idle') {
      expect([...fault.ends, 'peer-closed', 'socket-closed'], cell).toContain(told.code ?? told.message);
    } else if (state === 'pooled, connecting') {
      expect(told.code, cell).toBe('ERR_POOL_ACQUIRE_TIMEOUT');
      expect(['ERR_POOL_CONNECT', UNAVAILABLE], cell).toContain(rootOf(told).code);
    } else if (told.code === INTERNAL) {
      // grpc-js has UNAVAILABLE for two of the kernel's errors, and this for all others.
      expect(told.message, cell).toMatch(/E(HOST|NET)UNREACH|EPIPE/);
    } else {
      expect(told, cell).toMatchObject({ code: UNAVAILABLE });
    }
  },
  bounds: (fault, outcome) => (outcome.state.startsWith('queued') ? [-1, CONNECT_MILLIS] : usualBounds(fault, outcome)),
};
