import { ConfigError } from '@lifeguard/tcp';
import { expect, test } from 'vitest';
import { hardened } from './hardened.js';

type Options = Parameters<typeof hardened>[0];

/** What the handler says that NATS asks for the pause before a connect. */
function pauseOf(options: Options): number {
  return hardened(options).reconnectDelayHandler?.() ?? Number.NaN;
}

test('an option that is undefined counts as left out', () => {
  expect(hardened({ maxReconnectAttempts: undefined }).maxReconnectAttempts).toBe(-1);
  expect(hardened({ maxReconnectAttempts: 3 }).maxReconnectAttempts).toBe(3);
  const pause = pauseOf({ reconnectTimeWait: 700, reconnectJitter: undefined });
  expect(pause).toBeGreaterThanOrEqual(700);
  expect(pause).toBeLessThanOrEqual(800);
  expect(pauseOf({ reconnectTimeWait: undefined, reconnectJitter: 0 })).toBe(2000);
});

test('`tls: true`, which NATS takes, is taken', () => {
  expect(hardened({ tls: true } as unknown as Options).tls).toBe(true);
});

test('one error names all that can’t be used', () => {
  const options = { reconnectDelayHandler: 500, tcp: { keepAliveCount: 0 } } as unknown as Options;
  const names = (error: unknown) => (error as ConfigError).problems.map(({ name }) => name);
  expect(() => hardened(options)).toThrow(ConfigError);
  try {
    hardened(options);
  } catch (error) {
    expect(names(error)).toEqual(['reconnectDelayHandler', 'tcp.keepAliveCount']);
  }
});
