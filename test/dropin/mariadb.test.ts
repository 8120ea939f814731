import { MariaDb, startMariaDb } from '@lifeguard/lab';
import * as lifeguard from '@lifeguard/mariadb';
import * as lifeguardCallback from '@lifeguard/mariadb/callback';
import { createPool as createClients } from '@lifeguard/pool';
import mariadb, { type Connection, type Pool, type PoolConfig, type PoolConnection } from 'mariadb';
import mariadbCallback from 'mariadb/callback';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';

// What programs written for mariadb's pool rely on, put to mariadb itself too; then where ours differs.

const missing = MariaDb.available();
if (missing) console.warn(`left out: the tests of @lifeguard/mariadb, because ${missing}`);
const possible = missing === undefined || process.env['CI'] === 'true';

let server: MariaDb;
beforeAll(async () => {
  if (!possible) return;
  vi.stubEnv('LIFEGUARD_LOG_LEVEL', 'silent');
  server = await startMariaDb('loopback', { tls: true });
});
afterAll(() => server?.close());

const facts = () => {
  const { host, port, user, password, database } = server;
  return { host, port, user, password, database };
};

async function valueFrom(queryable: Pick<Connection, 'query'>, sql: string): Promise<unknown> {
  const rows = await queryable.query<unknown[][]>({ sql, rowsAsArray: true });
  const value = rows[0]?.[0];
  return typeof value === 'bigint' ? Number(value) : value;
}

const idOf = (queryable: Pick<Connection, 'query'>) => valueFrom(queryable, 'SELECT CONNECTION_ID()');

describe.skipIf(!possible).each([
  ['mariadb', mariadb.createPool, mariadbCallback.createPool],
  ['@lifeguard/mariadb', lifeguard.createPool, lifeguardCallback.createPool],
])('%s', (_name, createPool: typeof mariadb.createPool, createCallbackPool: typeof mariadbCallback.createPool) => {
  function makePool(options: PoolConfig = {}): Pool {
    const pool = createPool({ ...facts(), minimumIdle: 0, ...options });
    onTestFinished(async () => {
      if (!pool.closed) await pool.end();
    });
    return pool;
  }

  test('runs statements on any connection', async () => {
    const pool = makePool();
    await expect(pool.query('SELECT ? AS n', [1])).resolves.toMatchObject([{ n: 1 }]);
    await expect(pool.execute('SELECT ? AS n', [2])).resolves.toMatchObject([{ n: 2 }]);
    await pool.query('CREATE OR REPLACE TABLE filled (n INT)');
    await pool.batch('INSERT INTO filled VALUES (?)', [[1], [2], [3]]);
    expect(await valueFrom(pool, 'SELECT COUNT(*) FROM filled')).toBe(3);
    await expect(pool.query('SELECT nonsense')).rejects.toMatchObject({ code: 'ER_BAD_FIELD_ERROR', errno: 1054 });
    expect([pool.escape("'"), pool.escapeId('a`')]).toEqual(["'\\''", '`a```']);
  });

  test('lends connections and counts them', async () => {
    const pool = makePool({ connectionLimit: 1 });
    const connection = await pool.getConnection();
    const waiting = pool.getConnection();
    expect([pool.activeConnections(), pool.idleConnections(), pool.totalConnections()]).toEqual([1, 0, 1]);
    await expect.poll(() => pool.taskQueueSize()).toBe(1);
    await connection.release();
    const next = await waiting;
    expect(next.threadId).toBe(connection.threadId);
    await next.end();
    expect([pool.activeConnections(), pool.idleConnections()]).toEqual([0, 1]);
  });

  test('rolls back what is open on release', async () => {
    const pool = makePool({ connectionLimit: 1 });
    await pool.query('CREATE OR REPLACE TABLE things (n INT)');
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query('INSERT INTO things VALUES (1)');
    await connection.release();
    expect(await valueFrom(pool, 'SELECT COUNT(*) FROM things')).toBe(0);
    expect(await idOf(pool)).toBe(connection.threadId);
  });

  test('tells by events', async () => {
    const pool = makePool({ connectionLimit: 1 });
    const told: string[] = [];
    for (const event of ['acquire', 'connection', 'enqueue', 'release'] as const) {
      (pool as unknown as NodeJS.EventEmitter).on(event, () => void told.push(event));
    }
    const connection = await pool.getConnection();
    await connection.release();
    await expect.poll(() => told.sort()).toEqual(['acquire', 'connection', 'enqueue', 'release']);
  });

  test('refuses who waits too long, and who comes after its end, in the driver’s words', async () => {
    const pool = makePool({ connectionLimit: 1, acquireTimeout: 200 });
    const connection = await pool.getConnection();
    await expect(pool.getConnection()).rejects.toMatchObject({ code: 'ER_GET_CONNECTION_TIMEOUT', errno: 45028 });
    await connection.release();
    await pool.end();
    expect(pool.closed).toBe(true);
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'ER_POOL_ALREADY_CLOSED' });
    await expect(pool.end()).rejects.toMatchObject({ code: 'ER_POOL_ALREADY_CLOSED' });
  });

  test('has a callback API', async () => {
    const pool = createCallbackPool({ ...facts(), minimumIdle: 0, connectionLimit: 1 });
    const rows = await new Promise((resolve, reject) => {
      pool.query('SELECT ? AS n', [4], (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
    });
    expect(rows).toMatchObject([{ n: 4 }]);
    const error = await new Promise((resolve) => pool.query('SELECT nonsense', (reason: unknown) => resolve(reason)));
    expect(error).toMatchObject({ code: 'ER_BAD_FIELD_ERROR' });
    await new Promise<void>((resolve) => {
      pool.getConnection((_error, connection) => connection?.release(() => resolve()));
    });
    await new Promise<void>((resolve) => pool.end(() => resolve()));
  });
});

describe.skipIf(!possible)('@lifeguard/mariadb', () => {
  function makePool(options: lifeguard.PoolConfig = {}): Pool {
    const pool = lifeguard.createPool({ ...facts(), connectionLimit: 1, ...options });
    onTestFinished(async () => {
      if (!pool.closed) await pool.end();
    });
    return pool;
  }

  async function leave(pool: Pool, work: (connection: PoolConnection) => unknown): Promise<unknown> {
    const connection = await pool.getConnection();
    await work(connection);
    await connection.release();
    return connection.threadId;
  }

  test.each([
    ['a variable of the session', "SET time_zone = '+05:00'", 'SELECT @@time_zone', 'SYSTEM'],
    ['one of the user', 'SET @mine = 1', 'SELECT @mine', null],
    ['the database', 'USE mysql', 'SELECT DATABASE()', 'test'],
    ['the character set', 'SET NAMES latin1', 'SELECT @@character_set_client', 'utf8mb4'],
    ['autocommit', 'SET autocommit = 0', 'SELECT @@autocommit', 1],
  ])('%s is as before, on the same connection, twice', async (_, change, look, before) => {
    const pool = makePool();
    const id = await leave(pool, (connection) => connection.query(change));
    expect(await valueFrom(pool, look)).toBe(before);
    await leave(pool, (connection) => connection.query(change));
    expect(await valueFrom(pool, look)).toBe(before);
    expect(await idOf(pool)).toBe(id);
  });

  test('a transaction begun by a statement of the pool, or in one that failed, is rolled back', async () => {
    const pool = makePool({ multipleStatements: true });
    await pool.query('BEGIN');
    expect(await valueFrom(pool, 'SELECT @@in_transaction')).toBe(0);
    await pool.query('BEGIN; SELECT nonsense').catch(() => {});
    expect(await valueFrom(pool, 'SELECT @@in_transaction')).toBe(0);
    await leave(pool, (connection) => connection.query('BEGIN; SELECT nonsense').catch(() => {}));
    expect(await valueFrom(pool, 'SELECT @@in_transaction')).toBe(0);
  });

  test.each(['plain', 'TLS'])('a query under way on release costs the connection, and is told of: %s', async (kind) => {
    const pool = makePool(kind === 'TLS' ? { ssl: { ca: server.ca as string } } : {});
    let told: Promise<unknown> | undefined;
    const id = await leave(pool, (connection) => {
      told = connection.query('SELECT SLEEP(30)').catch((error: { code: string }) => error.code);
    });
    expect(await idOf(pool)).not.toBe(id);
    await expect(told).resolves.toBe('ER_CMD_NOT_EXECUTED_DESTROYED');
  });

  test('another user costs the connection', async () => {
    const pool = makePool();
    const id = await leave(pool, (connection) => connection.changeUser({ ...facts(), database: 'mysql' }));
    expect(await valueFrom(pool, 'SELECT DATABASE()')).toBe('test');
    expect(await idOf(pool)).not.toBe(id);
  });

  test.each([
    ['a wrong password', { password: 'wrong' }, 'ER_ACCESS_DENIED_ERROR'],
    ['a database that does not exist', { database: 'nowhere' }, 'ER_BAD_DB_ERROR'],
    ['a certificate that is not trusted', { ssl: true }, /CERT|SIGN|SSL|UNKNOWN/],
  ])('%s is told to all who wait, at once', async (_, options, code) => {
    const pool = makePool(options);
    const start = performance.now();
    const outcomes = await Promise.allSettled([pool.query('SELECT 1'), pool.query('SELECT 1')]);
    const reason = { code: typeof code === 'string' ? code : expect.stringMatching(code) };
    expect(outcomes).toMatchObject(Array.from({ length: 2 }, () => ({ status: 'rejected', reason })));
    expect(performance.now() - start).toBeLessThan(1500);
  });

  test('a listener for ‘release’ that throws leaves nobody without an answer', async () => {
    const pool = makePool();
    (pool as unknown as NodeJS.EventEmitter).on('release', () => {
      throw new Error('of a listener');
    });
    const uncaught = nextUncaught();
    expect(await valueFrom(pool, 'SELECT 1')).toBe(1);
    expect(await uncaught).toMatchObject({ message: 'of a listener' });
  });

  test('a factory makes connections for createPool', async () => {
    const clients = createClients(lifeguard.mariadbFactory(facts()), { max: 1, testOnBorrow: true });
    onTestFinished(() => clients.close());
    const id = await clients.use(idOf);
    await expect(clients.use((connection) => connection.query('SELECT nonsense'))).rejects.toThrow('nonsense');
    await clients.use((connection) => connection.query('SET @mine = 1'));
    expect(await clients.use((connection) => valueFrom(connection, 'SELECT @mine'))).toBe(null);
    expect(await clients.use(idOf)).toBe(id);
  });

  test('bad configuration is one error in mariadb’s words, and shows no URL', () => {
    expect(() => lifeguard.createPool({ connectionLimit: -1, acquireTimeout: -5 })).toThrow(
      /connectionLimit=-1.*acquireTimeout=-5/,
    );
    expect(() => lifeguard.createPool('mariadb://me:secret@')).toThrow(/^invalid configuration: connectionUri=\*\*\*/);
  });
});

/** The next uncaught exception, which the test runner does not hear of. */
function nextUncaught(): Promise<unknown> {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  return new Promise((resolve) => {
    process.once('uncaughtException', (error) => {
      for (const listener of others) process.on('uncaughtException', listener);
      resolve(error);
    });
  });
}
