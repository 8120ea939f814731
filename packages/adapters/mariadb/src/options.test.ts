import type { PoolConfig as DriverConfig, Pool } from 'mariadb';
import { afterEach, expect, expectTypeOf, test, vi } from 'vitest';
import { createPool as createCallbackPool } from './callback.js';
import { createPool, type PoolConfig } from './index.js';
import { readConfig, toClientsOptions, toConnectionOptions } from './options.js';

afterEach(() => void vi.unstubAllEnvs());

test('mariadb’s options are put in the words of our pool, its seconds in milliseconds', () => {
  const config = { connectionLimit: 3, minimumIdle: 1, acquireTimeout: 50, idleTimeout: 2, leakDetectionTimeout: 7 };
  expect(toClientsOptions({ ...config, connectTimeout: 70, minDelayValidation: 9, name: 'x' })).toEqual({
    fifo: true,
    max: 3,
    min: 1,
    acquireTimeoutMillis: 50,
    idleTimeoutMillis: 2000,
    leakWarningMillis: 7,
    connectTimeoutMillis: 70,
    aliveBypassMillis: 9,
    name: 'x',
  });
  expect(toClientsOptions({})).toEqual({ fifo: true });
});

test('our options are kept from mariadb', () => {
  expect(toConnectionOptions({ host: 'db', tcp: { keepAliveCount: 2 }, name: 'x' })).toEqual({
    host: 'db',
    connectTimeout: 0,
  });
});

test('a URL holds options, too', () => {
  const config = readConfig('mariadb://me:secret@db:3307/orders?connectionLimit=7&resetAfterUse=true');
  expect(config).toMatchObject({ host: 'db', port: 3307, user: 'me', password: 'secret', database: 'orders' });
  expect(config).toMatchObject({ connectionLimit: 7, resetAfterUse: true, noControlAfterUse: false });
});

test('bad configuration is one error in mariadb’s words, and shows no URL', () => {
  vi.stubEnv('LIFEGUARD_USER_TIMEOUT', 'banana');
  for (const make of [createPool, createCallbackPool]) {
    expect(() => make({ connectionLimit: -1, idleTimeout: -5 })).toThrow(
      /connectionLimit=-1.*idleTimeout=.*LIFEGUARD_USER_TIMEOUT=banana/,
    );
    expect(() => make('nonsense://me:secret@db')).toThrow(/^invalid configuration: connectionUri=\*\*\*/);
  }
});

test('a pool is mariadb’s to TypeScript', () => {
  expectTypeOf(createPool).returns.toEqualTypeOf<Pool>();
  expectTypeOf(createCallbackPool).returns.toEqualTypeOf<import('mariadb/callback').Pool>();
  expectTypeOf<DriverConfig>().toExtend<PoolConfig>();
  expect(String(createPool({ host: 'db', connectionLimit: 3 }))).toBe('poolPromise(active=0 idle=0 limit=3)');
});
