import { createPool } from '@lifeguard/pool';
import mysql from 'mysql2';
import { afterEach, expect, expectTypeOf, test, vi } from 'vitest';
import { createPool as createCallbackPool } from './index.js';
import { type PoolConfig, readConfig, toClientsOptions, toDriverOptions } from './options.js';
import { createPool as createPromisePool } from './promise.js';

afterEach(() => void vi.unstubAllEnvs());

test('mysql2’s options are put in the words of our pool', () => {
  expect(toClientsOptions({ connectionLimit: 3, idleTimeout: 500, connectTimeout: 700, name: 'x', min: 1 })).toEqual({
    fifo: false,
    max: 3,
    idleTimeoutMillis: 500,
    connectTimeoutMillis: 700,
    name: 'x',
    min: 1,
  });
  expect(toClientsOptions({})).toEqual({ fifo: false });
  expect(createPool({ create: () => ({}), destroy() {} }, toClientsOptions({ connectionLimit: 0 })).max).toBe(
    Number.MAX_SAFE_INTEGER,
  );
});

test('our options are kept from mysql2, which would print that it doesn’t know them', () => {
  const print = vi.spyOn(console, 'error');
  expect(toDriverOptions({ host: 'db', tcp: { keepAliveCount: 2 }, name: 'x', acquireTimeoutMillis: 5 })).toEqual({
    host: 'db',
    connectTimeout: 0,
  });
  createCallbackPool({ host: 'db', min: 0, leakWarningMillis: 0 });
  expect(print).not.toHaveBeenCalled();
});

test('what stands beside a URL goes before what is in it', () => {
  const config = readConfig({ uri: 'mysql://me:secret@db:3307/orders?connectionLimit=7', user: 'you', password: '' });
  expect(config).toMatchObject({ host: 'db', port: 3307, user: 'you', password: 'secret', connectionLimit: 7 });
  expect(readConfig('mysql://me@db/orders')).not.toHaveProperty('port');
});

test('bad configuration is one error in mysql2’s words, and shows no URL', () => {
  vi.stubEnv('LIFEGUARD_USER_TIMEOUT', 'banana');
  const make = () => createCallbackPool({ connectionLimit: -1, idleTimeout: -5, connectTimeout: -7 });
  expect(make).toThrow(/connectionLimit=-1.*connectTimeout=-7.*idleTimeout=-5.*LIFEGUARD_USER_TIMEOUT=banana/);
  expect(() => createCallbackPool('mysql://me:secret@db:port/x')).toThrow(
    /^invalid configuration: connectionUri=\*\*\*/,
  );
  expect(() => createPromisePool({ uri: 'mysql://me:secret@db:port/x' })).toThrow(/uri=\*\*\*/);
});

test('a pool is mysql2’s to TypeScript and to instanceof, and shows what is in force', () => {
  vi.stubEnv('LIFEGUARD_POOL_MAX', '20');
  const pool = createCallbackPool({ host: 'db' });
  expect(pool).toBeInstanceOf((mysql as unknown as { Pool: new () => unknown }).Pool);
  expect(pool.config).toMatchObject({ connectionLimit: 20, maxIdle: 20 });
  expectTypeOf(createCallbackPool).returns.toEqualTypeOf<ReturnType<typeof mysql.createPool>>();
  expectTypeOf(createPromisePool).returns.toEqualTypeOf<import('mysql2/promise').Pool>();
  expectTypeOf<mysql.PoolOptions>().toExtend<PoolConfig>();
  // @ts-expect-error: there is no such option
  createCallbackPool({ maximum: 3 });
});
