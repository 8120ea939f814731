import { expect } from 'vitest';
import type { Fault } from './fault.js';
import { IMPATIENCE_MILLIS } from './limits.js';
import { startProgramServer } from './programs.js';
import { rootOf, usualBounds } from './service.js';
import type { Matrix } from './test-faults.js';

const PORTS = { port: 8000, tlsPort: 8001 };

export const HTTP: Matrix = {
  adapter: 'http',
  program: new URL('./http-client.mjs', import.meta.url),
  start: (host) => startProgramServer(host, new URL('./http-server.mjs', import.meta.url), PORTS),
  // 2 transports x 3 clients x 4 states with 2 sockets each.
  sockets: 48,
  callers: 2,
  expectError(fault, state, told, cell) {
    // `fetch` has a TypeError with the error as its cause.
    const { code, message } = rootOf(told);
    // undici has errors of its own for a connect that takes too long, and for a peer that has closed.
    if (isConnecting(state)) expect([...fault.refuses, 'UND_ERR_CONNECT_TIMEOUT'], cell).toContain(code);
    // Since Node.js 22 its agent hears the error of an idle socket, and keeps it to itself.
    else if (state === 'agent, idle' && code === undefined) expect(message, cell).toBe('closed');
    else expect([...fault.ends, ...closing(fault)], cell).toContain(code);
  },
  // Who connects is told by the connect timeout.
  bounds: (fault, outcome) => (isConnecting(outcome.state) ? [-1, IMPATIENCE_MILLIS] : usualBounds(fault, outcome)),
};

function isConnecting(state: string): boolean {
  return state.endsWith('connecting');
}

/** Of a socket that the peer has closed, undici says this. */
function closing({ silent }: Fault): readonly string[] {
  return silent ? [] : ['UND_ERR_SOCKET'];
}
