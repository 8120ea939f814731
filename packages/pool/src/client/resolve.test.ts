import { afterEach, expect, test, vi } from 'vitest';
import { resolveClient } from './resolve.js';

afterEach(() => vi.unstubAllEnvs());

test('a caller waits as long as for a pool, by its variables, those of the client’s name first', () => {
  expect(resolveClient({ keepAliveCount: 5 }, undefined)).toMatchObject({
    tcp: { keepAliveCount: 5 },
    limit: { millis: 10_000, tcp: { keepAliveCount: 5 } },
  });
  vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', '3s');
  vi.stubEnv('LIFEGUARD_ORDERS_ACQUIRE_TIMEOUT', '2s');
  expect(resolveClient(undefined, undefined).limit?.millis).toBe(3000);
  expect(resolveClient(undefined, 'orders').limit?.millis).toBe(2000);
});

test('LIFEGUARD_ACQUIRE_TIMEOUT=off: no limit', () => {
  vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', 'off');
  expect(resolveClient(undefined, undefined).limit).toBeUndefined();
});

test('one error names all that can’t be used', () => {
  vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', 'soon');
  expect(() => resolveClient({ userTimeoutMillis: -1 }, undefined)).toThrow(
    /LIFEGUARD_ACQUIRE_TIMEOUT=soon.*tcp\.userTimeoutMillis=-1/,
  );
});
