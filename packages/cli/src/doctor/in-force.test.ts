import { type Capabilities, capabilities, resolveTcpOptions } from '@lifeguard/tcp';
import { expect, it } from 'vitest';
import { inForce } from './in-force.js';

const WANTED = resolveTcpOptions({}, { env: {} });

function platform(supported: Partial<Capabilities['supported']>): Capabilities {
  const all = capabilities();
  const ok = { ok: true };
  const everything = { ...all.supported, keepAliveInterval: ok, keepAliveCount: ok, userTimeout: ok };
  return { ...all, supported: { ...everything, ...supported } };
}

it('all is in force where all can be set', () => {
  expect(inForce(WANTED, platform({}))).toEqual(WANTED);
});

it('interval and count are what Node.js sets, and there is no user timeout, where the kernel can’t be told', () => {
  const no = { ok: false, reason: 'no koffi' };
  expect(inForce(WANTED, platform({ keepAliveInterval: no, keepAliveCount: no, userTimeout: no }))).toEqual({
    keepAlive: true,
    keepAliveIdleMillis: 5000,
    keepAliveIntervalMillis: 1000,
    keepAliveCount: 10,
    userTimeoutMillis: 0,
  });
});
