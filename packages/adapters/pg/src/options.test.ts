import { afterEach, expect, test, vi } from 'vitest';
import { resolveConfig, toPoolOptions } from './options.js';

afterEach(() => void vi.unstubAllEnvs());

test('the options of pg.Pool mean what they mean there', () => {
  expect(
    toPoolOptions({
      max: 7,
      min: 2,
      maxUses: 100,
      connectionTimeoutMillis: 3000,
      idleTimeoutMillis: 4000,
      maxLifetimeSeconds: 60,
    }),
  ).toEqual({
    fifo: false,
    max: 7,
    min: 0,
    keepIdle: 2,
    maxUses: 100,
    acquireTimeoutMillis: 3000,
    connectTimeoutMillis: 3000,
    idleTimeoutMillis: 4000,
    maxLifetimeMillis: 60_000,
  });
});

test('poolSize is max, which goes before it', () => {
  expect(toPoolOptions({ poolSize: 9 })).toMatchObject({ max: 9 });
  expect(toPoolOptions({ poolSize: 9, max: 3 })).toMatchObject({ max: 3 });
});

test('what is left out is left to the environment and the defaults', () => {
  expect(toPoolOptions({})).toEqual({ fifo: false });
  expect(toPoolOptions({ max: 0, maxUses: 0 })).toEqual({ fifo: false });
});

test('0 turns a limit off where it does so in pg.Pool', () => {
  expect(toPoolOptions({ connectionTimeoutMillis: 0, idleTimeoutMillis: 0, maxLifetimeSeconds: 0 })).toEqual({
    fifo: false,
    acquireTimeoutMillis: 0,
    idleTimeoutMillis: 0,
    maxLifetimeMillis: 0,
  });
  expect(toPoolOptions({ idleTimeoutMillis: null })).toMatchObject({ idleTimeoutMillis: 0 });
});

test('one connect may take as long as a caller is patient, and a second at least', () => {
  expect(toPoolOptions({ connectionTimeoutMillis: 10 })).toMatchObject({ connectTimeoutMillis: 1000 });
  expect(toPoolOptions({ connectionTimeoutMillis: 30_000 })).toMatchObject({ connectTimeoutMillis: 30_000 });
  expect(toPoolOptions({ connectionTimeoutMillis: 30_000, connectTimeoutMillis: 5 })).toMatchObject({
    connectTimeoutMillis: 5,
  });
});

test('options of Lifeguard are passed on, others are not', () => {
  const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
  const lifeguard = { name: 'orders', tcp: { keepAliveCount: 5 }, logger, maxConnecting: 4, maxWaitingClients: 8 };
  expect(toPoolOptions({ ...lifeguard, host: 'db', user: 'me', application_name: 'x' })).toEqual({
    ...lifeguard,
    fifo: false,
  });
});

test('what is in force comes from the options, then the environment, then the defaults', () => {
  vi.stubEnv('LIFEGUARD_POOL_MAX', '20');
  vi.stubEnv('LIFEGUARD_POOL_MIN', '3');
  vi.stubEnv('LIFEGUARD_ORDERS_IDLE_TIMEOUT', '2m');
  expect(resolveConfig({ name: 'orders', connectionTimeoutMillis: 500 })).toEqual({
    max: 20,
    min: 3,
    maxUses: Number.POSITIVE_INFINITY,
    connectionTimeoutMillis: 500,
    idleTimeoutMillis: 120_000,
    maxLifetimeSeconds: 1800,
  });
  expect(resolveConfig({ max: 5, min: 1, maxLifetimeSeconds: 0 })).toMatchObject({
    max: 5,
    min: 1,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 0,
  });
});

test('one error names everything that can’t be used, as it was written', () => {
  vi.stubEnv('LIFEGUARD_POOL_MAX', '-1');
  vi.stubEnv('LIFEGUARD_USER_TIMEOUT', 'banana');
  const config = {
    connectionTimeoutMillis: -5,
    min: 1.5,
    maxLifetimeSeconds: Number.NaN,
    tcp: { keepAliveCount: 1000 },
  };
  const problem = { name: 'connectionString', value: '***', allowed: 'a URL' };
  expect(() => resolveConfig(config, [problem])).toThrow(
    expect.objectContaining({
      code: 'ERR_CONFIG',
      problems: expect.arrayContaining([
        problem,
        expect.objectContaining({ name: 'LIFEGUARD_POOL_MAX', value: '-1' }),
        expect.objectContaining({ name: 'LIFEGUARD_USER_TIMEOUT', value: 'banana' }),
        expect.objectContaining({ name: 'connectionTimeoutMillis', value: '-5' }),
        expect.objectContaining({ name: 'min', value: '1.5' }),
        expect.objectContaining({ name: 'maxLifetimeSeconds', value: 'NaN' }),
        expect.objectContaining({ name: 'tcp.keepAliveCount', value: '1000' }),
      ]),
    }),
  );
});

test.each([Number.NaN, 'soon', Number.POSITIVE_INFINITY])(
  'a connectionTimeoutMillis of %s is one problem, not one of connectTimeoutMillis too',
  (given) => {
    const config = { connectionTimeoutMillis: given as number };
    expect(() => resolveConfig(config)).toThrow(
      expect.objectContaining({
        problems: [expect.objectContaining({ name: 'connectionTimeoutMillis', value: String(given) })],
      }),
    );
  },
);

test('a poolSize that can’t be used is named as it was given', () => {
  expect(() => resolveConfig({ poolSize: -3 })).toThrow(/poolSize=-3/);
});
