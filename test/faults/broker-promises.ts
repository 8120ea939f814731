import { expect } from 'vitest';
import { IMPATIENCE_MILLIS } from './limits.js';
import { type Promises, rootOf, usualBounds } from './service.js';

/**
 * What clients of a broker promise.
 *
 * @param sockets of the service that are open and hardened, when the fault comes
 * @param ends what somebody is told whose connection ended, besides the error of the network
 */
export function brokerPromises(sockets: number, ends: RegExp): Promises {
  return {
    sockets,
    expectError(fault, _, told, cell) {
      const { code, message } = told;
      if (code === 'ERR_POOL_ACQUIRE_TIMEOUT') expect(fault.refuses, cell).toContain(rootOf(told).code);
      else if (!fault.ends.includes(String(code))) expect(message, cell).toMatch(ends);
    },
    bounds: (fault, outcome) => (outcome.by === 'patience' ? [-1, IMPATIENCE_MILLIS] : usualBounds(fault, outcome)),
  };
}
