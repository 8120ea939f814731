import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { inspect } from 'node:util';
import type { Logger } from '@lifeguard/pool';
import pg from 'pg';
import { afterEach, expect, expectTypeOf, test, vi } from 'vitest';
import type { ClientClass } from './driver-pool.js';
import { Pool, type PoolConfig } from './index.js';

afterEach(() => void vi.unstubAllEnvs());

const silent: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** A class of clients that connect as `connect` says. */
function clientClass(connect: (callback: (error?: Error) => void) => void, configs: unknown[] = []): ClientClass {
  return class extends EventEmitter {
    constructor(config: unknown) {
      super();
      configs.push(config);
    }
    connect = connect;
    end(callback: () => void) {
      callback();
    }
  } as unknown as ClientClass;
}

test('a pool is a pg.Pool to TypeScript and to instanceof, and can be extended', () => {
  class Orders extends Pool {
    readonly table = 'orders';
  }
  const pool: pg.Pool = new Orders({ max: 2, tcp: { keepAliveCount: 5 }, application_name: 'x' });
  expect(pool).toBeInstanceOf(pg.Pool);
  expect(pool).toBeInstanceOf(Pool);
  expect((pool as Orders).table).toBe('orders');
  expectTypeOf<Pool>().toEqualTypeOf<pg.Pool>();
  const firstId = async () => (await pool.query<{ id: number }>('SELECT 1 AS id')).rows[0]?.id;
  expectTypeOf(firstId).returns.resolves.toEqualTypeOf<number | undefined>();
  expectTypeOf<pg.PoolConfig>().toExtend<PoolConfig>();
  // @ts-expect-error: there is no such option
  new Pool({ maximum: 3 });
});

test('the options in force can be read, the secrets among them can’t be listed', () => {
  vi.stubEnv('LIFEGUARD_POOL_MAX', '20');
  const connectionString = 'postgres://me:secret@localhost/x';
  const { options } = new Pool({ connectionString, password: 'secret', idleTimeoutMillis: 5000 });
  expect(options).toMatchObject({ max: 20, idleTimeoutMillis: 5000, maxLifetimeSeconds: 1800 });
  expect((options as PoolConfig).connectionString).toBe(connectionString);
  expect((options as PoolConfig).password).toBe('secret');
  expect(inspect(options, { depth: null }) + JSON.stringify(options)).not.toContain('secret');
});

test('the options given are not changed', () => {
  const options = Object.freeze({ max: 3, connectionString: 'postgres://localhost/x' });
  new Pool(options);
  expect(options).toEqual({ max: 3, connectionString: 'postgres://localhost/x' });
});

test('bad configuration is one error, before any client is made, without the connection string', () => {
  vi.stubEnv('LIFEGUARD_USER_TIMEOUT', 'banana');
  const makeClient = vi.spyOn(pg.Connection.prototype as unknown as { connect(): void }, 'connect');
  const config = { connectionString: 'postgres://me:secret@host:port/x', max: -1, connectionTimeoutMillis: -5 };
  let thrown: unknown;
  try {
    new Pool(config);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'ERR_CONFIG' });
  for (const word of [
    'connectionString=***',
    'max=-1',
    'connectionTimeoutMillis=-5',
    'LIFEGUARD_USER_TIMEOUT=banana',
  ]) {
    expect(String(thrown)).toContain(word);
  }
  expect(inspect(thrown, { depth: null, showHidden: true })).not.toContain('secret');
  expect(makeClient).not.toHaveBeenCalled();
});

test('clients are of the class that is given, and made with the options of the pool', async () => {
  const configs: PoolConfig[] = [];
  const Client = clientClass((callback) => callback(), configs);
  const options = { host: 'db', password: 'secret', connectionString: 'host=db', connectionTimeoutMillis: 5000 };
  for (const pool of [new Pool({ ...options, Client } as PoolConfig), new Pool(options, Client)]) {
    (await pool.connect()).release();
    await pool.end();
  }
  expect(configs).toHaveLength(2);
  for (const { host, password, connectionString, connectionTimeoutMillis } of configs) {
    expect({ host, password, connectionString }).toEqual({
      host: 'db',
      password: 'secret',
      connectionString: 'host=db',
    });
    // It is the pool that has an eye on the time.
    expect(connectionTimeoutMillis).toBe(0);
  }
});

test('a class that throws is told of at once', async () => {
  const Client = class {
    constructor() {
      throw new Error('of the class');
    }
  } as unknown as ClientClass;
  const pool = new Pool({ logger: silent }, Client);
  await expect(pool.connect()).rejects.toThrow('of the class');
  await expect(pool.query('SELECT 1')).rejects.toThrow('of the class');
  await pool.end();
});

test('a client whose class is not pg’s can be lent and has its errors told', async () => {
  const pool = new Pool(
    { logger: silent },
    clientClass((callback) => callback()),
  );
  const client = await pool.connect();
  client.release();
  expect(pool.idleCount).toBe(1);
  const told = once(pool, 'error');
  client.emit('error', new Error('background'));
  await expect(told).resolves.toEqual([expect.objectContaining({ message: 'background', client }), client]);
  expect(pool.totalCount).toBe(0);
});

test('of a client that fails while it is lent only its borrower is told, also when it was handed on', async () => {
  const pool = new Pool(
    { logger: silent, max: 1 },
    clientClass((callback) => callback()),
  );
  const told = vi.fn();
  pool.on('error', told);
  const first = await pool.connect();
  const second = pool.connect();
  first.release();
  const client = await second;
  expect(client).toBe(first);
  client.emit('error', Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
  expect(pool.totalCount).toBe(1);
  client.release();
  expect(pool.totalCount).toBe(0);
  expect(told).not.toHaveBeenCalled();
});

test('of a client that fails while it is lent the pool tells the failure, whatever it is given back with', async () => {
  const evictions: unknown[] = [];
  const note = (message: unknown) => evictions.push(message);
  subscribe('lifeguard:pool:evict', note);
  const pool = new Pool(
    { logger: silent },
    clientClass((callback) => callback()),
  );
  const failure = Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' });
  for (const givenBackWith of [undefined, new Error('Client is not queryable')]) {
    const client = await pool.connect();
    // In the order of pg.
    Object.assign(client, { _queryable: false });
    client.emit('error', failure);
    client.release(givenBackWith);
    expect(evictions.splice(0)).toMatchObject([{ reason: 'timed-out', error: failure }]);
  }
  unsubscribe('lifeguard:pool:evict', note);
  expect(pool.totalCount).toBe(0);
});

test('a client that is released in a transaction, and throws when it is to be rolled back, is closed', async () => {
  const Plain = clientClass((callback) => callback()) as unknown as new (config: unknown) => object;
  const Client = class extends Plain {
    getTransactionStatus = () => 'T';
    query() {
      throw new Error('of the class');
    }
  } as unknown as ClientClass;
  const pool = new Pool({ logger: silent, max: 1 }, Client);
  const first = await pool.connect();
  first.release();
  const second = await pool.connect();
  expect(second).not.toBe(first);
  second.release(true);
  await pool.end();
});

test('of a client that an older version of pg makes a transaction is rolled back too', async () => {
  const asked: string[] = [];
  const Plain = clientClass((callback) => callback()) as unknown as new (config: unknown) => EventEmitter;
  const Client = class extends Plain {
    readonly connection = new EventEmitter();
    async query(text: string) {
      asked.push(text);
      this.connection.emit('readyForQuery', { status: text === 'BEGIN' ? 'T' : 'I' });
      setImmediate(() => this.emit('drain'));
    }
  } as unknown as ClientClass;
  const pool = new Pool({ logger: silent, max: 1 }, Client);
  const first = await pool.connect();
  await first.query('BEGIN');
  first.release();
  const second = await pool.connect();
  expect(second).toBe(first);
  expect(asked).toEqual(['BEGIN', 'ROLLBACK']);
  second.release();
  await pool.end();
});

test.each(['a subclass', 'an instance'])(
  'a connect of one’s own, of %s, is what query asks, as in pg.Pool',
  async (where) => {
    const Plain = clientClass((callback) => callback()) as unknown as new (config: unknown) => object;
    const Client = class extends Plain {
      query(_text: string, _values: unknown, callback: (error: unknown, result: unknown) => void) {
        callback(null, 'answered');
      }
    } as unknown as ClientClass;
    let asked = 0;
    class Counting extends Pool {
      override connect(...args: []) {
        asked += 1;
        return super.connect(...args);
      }
    }
    const pool =
      where === 'a subclass' ? new Counting({ logger: silent }, Client) : new Pool({ logger: silent }, Client);
    if (where === 'an instance') pool.connect = Counting.prototype.connect;
    await expect(pool.query('SELECT 1')).resolves.toBe('answered');
    expect(asked).toBe(1);
    await pool.end();
  },
);

test('what a listener throws costs no client', async () => {
  const uncaught = vi.fn();
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', uncaught);
  try {
    const pool = new Pool(
      { logger: silent, max: 1 },
      clientClass((callback) => callback()),
    );
    for (const event of ['connect', 'acquire', 'remove'] as const) {
      pool.on(event, () => {
        throw new Error(event);
      });
    }
    pool.on('release', () => {
      throw new Error('release');
    });
    const client = await pool.connect();
    expect(() => client.release(true)).toThrow('release');
    expect(pool.totalCount).toBe(0);
    await pool.end();
    const thrown = () => uncaught.mock.calls.map(([error]) => error.message);
    await expect.poll(thrown).toEqual(['connect', 'acquire', 'remove']);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
});
