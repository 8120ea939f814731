import { MariaDb, startMariaDb } from '@lifeguard/lab';
import * as lifeguard from '@lifeguard/mysql2';
import * as lifeguardPromise from '@lifeguard/mysql2/promise';
import mysql, { type PoolConnection, type RowDataPacket } from 'mysql2';
import mysqlPromise from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';

// What programs written for mysql2's pool rely on. Each promise is put to mysql2 itself too.

const missing = MariaDb.available();
if (missing) console.warn(`left out: the tests of @lifeguard/mysql2 with MariaDB, because ${missing}`);
const possible = missing === undefined || process.env['CI'] === 'true';

let server: MariaDb;
beforeAll(async () => {
  if (!possible) return;
  vi.stubEnv('LIFEGUARD_LOG_LEVEL', 'silent');
  server = await startMariaDb('loopback');
});
afterAll(() => server?.close());

const facts = () => {
  const { host, port, user, password, database } = server;
  return { host, port, user, password, database };
};

describe.skipIf(!possible).each([
  ['mysql2', mysql.createPool, mysqlPromise.createPool],
  ['@lifeguard/mysql2', lifeguard.createPool, lifeguardPromise.createPool],
])('%s', (name, createPool: typeof mysql.createPool, createPromisePool: typeof mysqlPromise.createPool) => {
  function makePool(options: mysql.PoolOptions = {}): mysql.Pool {
    const pool = createPool({ ...facts(), ...options });
    onTestFinished(() => new Promise<void>((resolve) => pool.end(() => resolve())));
    return pool;
  }

  function makePromisePool(options: mysql.PoolOptions = {}): mysqlPromise.Pool {
    const pool = createPromisePool({ ...facts(), ...options });
    // mysql2 has an error for who ends a pool twice.
    onTestFinished(() => pool.end().catch(() => {}));
    return pool;
  }

  const connectionOf = (pool: mysql.Pool) =>
    new Promise<PoolConnection>((resolve, reject) => {
      pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
    });
  const errorOf = (pool: mysql.Pool) =>
    new Promise<unknown>((resolve) => {
      pool.getConnection((error) => resolve(error));
    });

  describe('query and execute', () => {
    test('by callback: text, values, an object', async () => {
      const pool = makePool();
      const rowsOf = (ask: (callback: (error: unknown, rows: unknown) => void) => unknown) =>
        new Promise((resolve, reject) => ask((error, rows) => (error ? reject(error) : resolve(rows))));
      await expect(rowsOf((done) => pool.query('SELECT 1 AS n', done))).resolves.toEqual([{ n: 1 }]);
      await expect(rowsOf((done) => pool.query('SELECT ? AS n', [2], done))).resolves.toEqual([{ n: 2 }]);
      await expect(rowsOf((done) => pool.query({ sql: 'SELECT 3 AS n' }, done))).resolves.toEqual([{ n: 3 }]);
      await expect(rowsOf((done) => pool.execute('SELECT ? + 1 AS n', [3], done))).resolves.toEqual([{ n: 4 }]);
      await expect(rowsOf((done) => pool.execute('SELECT 5 AS n', done))).resolves.toEqual([{ n: 5 }]);
      await expect(rowsOf((done) => pool.query('SELECT nonsense', done))).rejects.toMatchObject({ errno: 1054 });
      await expect(rowsOf((done) => pool.execute('SELECT nonsense', done))).rejects.toMatchObject({ errno: 1054 });
    });

    test('by promise, typed', async () => {
      interface Row extends RowDataPacket {
        n: number;
      }
      const pool = makePromisePool();
      const [rows, fields] = await pool.query<Row[]>('SELECT ? AS n', [2]);
      expect([rows[0]?.n, fields[0]?.name]).toEqual([2, 'n']);
      const [executed] = await pool.execute<Row[]>('SELECT ? AS n', ['x']);
      expect(executed).toEqual([{ n: 'x' }]);
      await expect(pool.query('SELECT nonsense')).rejects.toMatchObject({ code: 'ER_BAD_FIELD_ERROR' });
      await expect(pool.query({ sql: 'SELECT 1 AS n', rowsAsArray: true })).resolves.toMatchObject([[[1]], {}]);
      expect(pool.format('? ??', [1, 'a'])).toBe('1 `a`');
      expect([pool.escape("'"), pool.escapeId('a')]).toEqual(["'\\''", '`a`']);
    });

    test('by .promise() of the callback pool, and of a connection', async () => {
      const pool = makePool();
      await expect(pool.promise().query('SELECT 1 AS n')).resolves.toMatchObject([[{ n: 1 }], {}]);
      const connection = await pool.promise().getConnection();
      await expect(connection.query('SELECT 1 AS n')).resolves.toMatchObject([[{ n: 1 }], {}]);
      connection.release();
    });

    test('with events and as a stream', async () => {
      const pool = makePool({ connectionLimit: 1 });
      const stream = pool.query('SELECT 1 AS n UNION SELECT 2').stream();
      const rows: unknown[] = [];
      for await (const row of stream) rows.push(row);
      expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
      await expect(pool.promise().query('SELECT 3 AS n')).resolves.toMatchObject([[{ n: 3 }], {}]);
    });

    test('values that can’t be written are told later, by callback and by event, and no connection is lost', async () => {
      const pool = makePool({ connectionLimit: 1 });
      // Both when a connection has to be opened first and when one is idle.
      for (const _ of ['opened', 'idle']) {
        const unwritable = new Error('unwritable');
        const values = [
          {
            toSqlString() {
              throw unwritable;
            },
          },
        ];
        const byCallback = new Promise((resolve) => pool.query('SELECT ?', values, resolve));
        await expect(byCallback).resolves.toBe(unwritable);
        const query = pool.query('SELECT ?', values);
        await expect(new Promise((resolve) => query.on('error', resolve))).resolves.toBe(unwritable);
        await expect(pool.promise().query('SELECT 1 AS n')).resolves.toMatchObject([[{ n: 1 }], {}]);
      }
    });

    test('a query is refused as a connection is: no place, no pool', async () => {
      const pool = makePool({ connectionLimit: 1, waitForConnections: false });
      const asked = () => new Promise((resolve) => pool.query('SELECT 1', resolve));
      const lent = await connectionOf(pool);
      await expect(asked()).resolves.toMatchObject({ message: 'No connections available.' });
      lent.release();
      await expect(asked()).resolves.toBeNull();
      await new Promise<void>((resolve) => pool.end(() => resolve()));
      await expect(asked()).resolves.toMatchObject({ message: 'Pool is closed.' });
    });

    test('more than the limit, in order', async () => {
      const pool = makePromisePool({ connectionLimit: 2 });
      const numbers = Array.from({ length: 20 }, (_, index) => index);
      const answers = await Promise.all(numbers.map((n) => pool.query<RowDataPacket[]>('SELECT ? AS n', [n])));
      expect(answers.map(([rows]) => rows[0]?.['n'])).toEqual(numbers);
    });
  });

  describe('connections', () => {
    test('are mysql2’s own, and come back last in, first out', async () => {
      const pool = makePool();
      const [first, second] = [await connectionOf(pool), await connectionOf(pool)];
      expect(first).toBeInstanceOf((mysql as unknown as { PoolConnection: new () => unknown }).PoolConnection);
      first.release();
      pool.releaseConnection(second);
      expect(await connectionOf(pool)).toBe(second);
      expect(await connectionOf(pool)).toBe(first);
      first.release();
      second.release();
    });

    test('are given back by releaseConnection of the promise pool', async () => {
      const pool = makePromisePool({ connectionLimit: 1 });
      pool.releaseConnection(await pool.getConnection());
      const again = await pool.getConnection();
      again.release();
    });

    test('that are given back twice are lent once', async () => {
      const pool = makePool({ connectionLimit: 2 });
      const connection = await connectionOf(pool);
      connection.release();
      connection.release();
      const [one, other] = [await connectionOf(pool), await connectionOf(pool)];
      expect(one).not.toBe(other);
      one.release();
      other.release();
    });

    test('that are destroyed make place for others', async () => {
      const pool = makePool({ connectionLimit: 1 });
      const first = await connectionOf(pool);
      first.destroy();
      const second = await connectionOf(pool);
      expect(second.threadId).not.toBe(first.threadId);
      first.release();
      second.release();
    });

    test('run transactions', async () => {
      const pool = makePromisePool();
      await pool.query('CREATE OR REPLACE TABLE accounts (n INT)');
      const connection = await pool.getConnection();
      await connection.beginTransaction();
      await connection.query('INSERT INTO accounts VALUES (1)');
      await connection.rollback();
      await connection.beginTransaction();
      await connection.query('INSERT INTO accounts VALUES (2)');
      await connection.commit();
      connection.release();
      await expect(pool.query('SELECT n FROM accounts')).resolves.toMatchObject([[{ n: 2 }], {}]);
    });

    test('keep what a listener for `connection` sets, also step by step', async () => {
      const pool = makePool({ connectionLimit: 1 });
      pool.on('connection', (connection: PoolConnection) => {
        connection.query('SET SESSION sql_mode = "ANSI"', () => connection.query('SET time_zone = "+03:00"'));
      });
      const seen = new Set<number>();
      for (let round = 0; round < 3; round += 1) {
        const connection = await connectionOf(pool);
        const [rows] = await connection.promise().query<RowDataPacket[]>('SELECT SLEEP(0.01), @@time_zone AS zone');
        if (round > 0) expect(rows[0]?.['zone']).toBe('+03:00');
        seen.add(connection.threadId);
        connection.release();
      }
      expect(seen.size).toBe(1);
    });
  });

  describe('limits', () => {
    test('without waitForConnections there is one answer at once', async () => {
      const pool = makePool({ connectionLimit: 1, waitForConnections: false });
      const connection = await connectionOf(pool);
      await expect(errorOf(pool)).resolves.toMatchObject({ message: 'No connections available.' });
      connection.release();
      (await connectionOf(pool)).release();
    });

    test('queueLimit bounds who waits', async () => {
      const pool = makePool({ connectionLimit: 1, queueLimit: 1 });
      const connection = await connectionOf(pool);
      const waiting = connectionOf(pool);
      await expect(errorOf(pool)).resolves.toMatchObject({ message: 'Queue limit reached.' });
      connection.release();
      (await waiting).release();
    });

    test('queueLimit counts nobody who is being connected', async () => {
      const pool = makePool({ connectionLimit: 3, queueLimit: 1 });
      const all = Array.from({ length: 5 }, () => connectionOf(pool).then((each) => each.release()));
      const outcomes = await Promise.allSettled(all);
      expect(outcomes.map(({ status }) => status).sort()).toEqual([...Array(4).fill('fulfilled'), 'rejected']);
    });

    test('connectionLimit 0 is none', async () => {
      const pool = makePool({ connectionLimit: 0 });
      const connections = await Promise.all(Array.from({ length: 12 }, () => connectionOf(pool)));
      expect(new Set(connections.map(({ threadId }) => threadId)).size).toBe(12);
      for (const connection of connections) connection.release();
    });

    test('no more than maxIdle stay', async () => {
      const pool = makePool({ connectionLimit: 3, maxIdle: 1, idleTimeout: 60_000 });
      const connections = await Promise.all([connectionOf(pool), connectionOf(pool), connectionOf(pool)]);
      for (const connection of connections) connection.release();
      const idle = () => (pool as unknown as { _freeConnections: { length: number } })._freeConnections.length;
      expect(idle()).toBe(3);
      await expect.poll(idle, { timeout: 3000 }).toBe(1);
    });

    test('a URL holds options, too', async () => {
      const pool = createPool(`${server.connectionString}?connectionLimit=1&waitForConnections=false`);
      onTestFinished(() => new Promise<void>((resolve) => pool.end(() => resolve())));
      const connection = await connectionOf(pool);
      await expect(errorOf(pool)).resolves.toMatchObject({ message: 'No connections available.' });
      connection.release();
      const other = makePool({ uri: server.connectionString, database: 'mysql' });
      await expect(other.promise().query('SELECT DATABASE() AS db')).resolves.toMatchObject([[{ db: 'mysql' }], {}]);
    });
  });

  describe('events', () => {
    test('tell of a connection', async () => {
      const pool = makePool({ connectionLimit: 1 });
      const told: unknown[] = [];
      for (const event of ['acquire', 'connection', 'release'] as const) {
        pool.on(event, (connection: PoolConnection) => void told.push([event, connection.threadId]));
      }
      pool.on('enqueue', () => void told.push('enqueue'));
      const connection = await connectionOf(pool);
      const id = connection.threadId;
      const waiting = connectionOf(pool);
      const first = [['connection', id], ['acquire', id], 'enqueue'];
      expect(told).toEqual(first);
      connection.release();
      (await waiting).release();
      // mysql2 says nothing of a connection that goes straight to the next.
      const between =
        name === 'mysql2'
          ? []
          : [
              ['release', id],
              ['acquire', id],
            ];
      expect(told).toEqual([...first, ...between, ['release', id]]);
    });

    test('reach the promise pool', async () => {
      const pool = makePromisePool();
      const acquired = vi.fn();
      pool.on('acquire', acquired);
      (await pool.getConnection()).release();
      expect(acquired).toHaveBeenCalledTimes(1);
    });
  });

  describe('end', () => {
    test('refuses who waits and who comes later', async () => {
      const pool = makePool({ connectionLimit: 1 });
      const connection = await connectionOf(pool);
      const waiting = errorOf(pool);
      const ended = new Promise<void>((resolve) => pool.end(() => resolve()));
      await expect(waiting).resolves.toMatchObject({ message: 'Pool is closed.' });
      await expect(errorOf(pool)).resolves.toMatchObject({ message: 'Pool is closed.' });
      connection.release();
      await ended;
    });

    test('has lent connections answer what they were asked', async () => {
      const pool = makePromisePool();
      const connection = await pool.getConnection();
      const answer = connection.query('SELECT SLEEP(0.2) AS slept');
      await pool.end();
      await expect(answer).resolves.toMatchObject([[{ slept: 0 }], {}]);
      await expect(connection.query('SELECT 1')).rejects.toThrow(/closed state/);
    });
  });
});
