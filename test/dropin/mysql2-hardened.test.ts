import { once } from 'node:events';
import type { Socket } from 'node:net';
import { MariaDb, startMariaDb } from '@lifeguard/lab';
import { mysql2Factory } from '@lifeguard/mysql2';
import { createPool, type PoolConfig } from '@lifeguard/mysql2/promise';
import { createPool as createClients } from '@lifeguard/pool';
import { inspect } from '@lifeguard/tcp';
import type { Connection, Pool, PoolConnection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { refusedPort } from './refused-port.js';
import { runNode } from './run-node.js';
import { addUser, asAdministrator, makeReadOnly, startSmallMariaDb, takeAllPlaces } from './small-mariadb.js';
import { optionsAreReadable, TCP, watchSockets } from './sockets.js';
import { timed } from './timed.js';

// Where the pool differs from mysql2's.

const missing = MariaDb.available();
const possible = missing === undefined || process.env['CI'] === 'true';

const PASSWORD = 'correct-horse-battery-staple';
let server: MariaDb;
beforeAll(async () => {
  if (!possible) return;
  vi.stubEnv('LIFEGUARD_LOG_LEVEL', 'silent');
  server = await startSmallMariaDb(PASSWORD);
});
afterAll(() => server?.close());

function makePool(options: PoolConfig = {}): Pool {
  const { host, port, user, password, database } = server;
  const pool = createPool({ host, port, user, password, database, ...options });
  onTestFinished(() => pool.end());
  return pool;
}

async function valueFrom(queryable: Pick<Connection, 'query'>, sql: string): Promise<unknown> {
  const [rows] = await queryable.query<RowDataPacket[]>({ sql, rowsAsArray: true });
  return (rows[0] as unknown as unknown[])[0];
}

const idOf = (queryable: Pick<Connection, 'query'>) => valueFrom(queryable, 'SELECT CONNECTION_ID()');
const socketOf = ({ connection }: PoolConnection) => (connection as unknown as { stream: Socket }).stream;

describe.skipIf(!possible)('the sockets', () => {
  test.skipIf(!optionsAreReadable()).each(['plain', 'TLS'])(
    'are hardened, and stay so when the driver sets keepalive: %s',
    async (kind) => {
      const tls = kind === 'TLS' ? { ssl: { ca: server.ca as string } } : {};
      const pool = makePool({ ...tls, tcp: TCP, enableKeepAlive: true, keepAliveInitialDelay: 30_000 });
      const connection = await pool.getConnection();
      const socket = socketOf(connection);
      expect('encrypted' in socket).toBe(kind === 'TLS');
      expect(inspect(socket)?.options).toEqual(TCP);
      socket.setKeepAlive(true, 30_000);
      await idOf(connection);
      connection.release();
      expect(inspect(socket)?.options).toEqual(TCP);
    },
  );
});

describe.skipIf(!possible)('a database that is away', () => {
  test('ten who wait for a refused port make few connects, and are told why after their time', async () => {
    const connects = watchSockets();
    const pool = makePool({ host: '127.0.0.1', port: await refusedPort(), acquireTimeoutMillis: 2000 });
    const { outcome, millis } = await timed(
      Promise.allSettled(Array.from({ length: 10 }, () => pool.query('SELECT 1'))),
    );
    const reason = { code: 'ERR_POOL_ACQUIRE_TIMEOUT', cause: { code: 'ECONNREFUSED' } };
    expect(outcome).toMatchObject({ value: Array.from({ length: 10 }, () => ({ status: 'rejected', reason })) });
    expect(connects.length).toBeGreaterThan(2);
    expect(connects.length).toBeLessThanOrEqual(30);
    expect(millis).toBeGreaterThanOrEqual(1990);
    expect(millis).toBeLessThan(2500);
  });

  test.each(['kill', 'stop'] as const)(
    'costs who waits nothing but the wait: they are served as soon as it is back, after a %s',
    async (end) => {
      await using other = await startMariaDb('loopback');
      const pool = makePool({ port: other.port, password: other.password });
      await pool.query('SELECT 1');
      const running = pool.query('SELECT SLEEP(30)').catch((error) => error.code);
      await expect
        .poll(() => valueFrom(pool, "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SL%'"))
        .toBe(1);
      await other[end]();
      expect(await running).toMatch(/PROTOCOL_CONNECTION_LOST|ECONNRESET|ER_SERVER_SHUTDOWN|ER_CONNECTION_KILLED/);
      const waiting = Promise.all([valueFrom(pool, 'SELECT 1'), valueFrom(pool, 'SELECT 2')]);
      await other.restart();
      const { outcome, millis } = await timed(waiting);
      expect(outcome).toMatchObject({ value: [1, 2] });
      expect(millis).toBeLessThan(1500);
    },
  );

  test('a full server is waited for', async () => {
    const leave = await takeAllPlaces(server);
    const refused = makePool({ acquireTimeoutMillis: 300 });
    await expect(refused.query('SELECT 1')).rejects.toMatchObject({ cause: { code: 'ER_CON_COUNT_ERROR' } });
    const pool = makePool();
    const answer = valueFrom(pool, 'SELECT 1');
    await leave();
    await expect(answer).resolves.toBe(1);
  });

  test.each([
    ['a wrong password', () => ({ password: 'wrong' }), 'ER_ACCESS_DENIED_ERROR'],
    ['a user that does not exist', () => ({ user: 'nobody' }), 'ER_ACCESS_DENIED_ERROR'],
    ['a database that does not exist', () => ({ database: 'nowhere' }), 'ER_BAD_DB_ERROR'],
    ['a certificate that is not trusted', () => ({ ssl: {} }), 'HANDSHAKE_SSL_ERROR'],
  ])('%s is told to all who wait, at once', async (_, options: () => PoolConfig, code) => {
    const pool = makePool({ ...options(), connectionLimit: 2 });
    const { outcome, millis } = await timed(
      Promise.allSettled(Array.from({ length: 5 }, () => pool.query('SELECT 1'))),
    );
    expect(outcome).toMatchObject({
      value: Array.from({ length: 5 }, () => ({ status: 'rejected', reason: { code } })),
    });
    expect(millis).toBeLessThan(1000);
  });

  test('TLS that the server does not speak is told at once', async () => {
    await using other = await startMariaDb('loopback');
    const pool = makePool({ port: other.port, password: other.password, ssl: {} });
    const { outcome, millis } = await timed(pool.query('SELECT 1'));
    expect(outcome).toMatchObject({ reason: { code: 'HANDSHAKE_NO_SSL_SUPPORT' } });
    expect(millis).toBeLessThan(1000);
  });
});

describe.skipIf(!possible)('a connection', () => {
  test.each(['idle', 'lent'])('that the server ends while it is %s is not lent again', async (state) => {
    const pool = makePool({ connectionLimit: 1 });
    const connection = await pool.getConnection();
    const id = await idOf(connection);
    if (state === 'idle') connection.release();
    const closed = once(socketOf(connection), 'close');
    await asAdministrator(server, (administrator) => administrator.query('KILL ?', [id]));
    await closed;
    if (state === 'lent') {
      await expect(connection.query('SELECT 1')).rejects.toThrow();
      connection.release();
    }
    expect(await idOf(pool)).not.toBe(id);
  });

  test('to a server that has become read-only is closed on its return', async () => {
    const pool = makePool({ ...(await addUser(server)), connectionLimit: 1 });
    const id = await idOf(pool);
    await makeReadOnly(server);
    const connection = await pool.getConnection();
    await expect(connection.query('INSERT INTO written VALUES (1)')).rejects.toMatchObject({
      code: 'ER_OPTION_PREVENTS_STATEMENT',
    });
    connection.release();
    expect(await idOf(pool)).not.toBe(id);
  });

  test('is kept after a statement that failed', async () => {
    const pool = makePool({ connectionLimit: 1 });
    const id = await idOf(pool);
    await expect(pool.query('SELECT nonsense')).rejects.toMatchObject({ code: 'ER_BAD_FIELD_ERROR' });
    await expect(pool.execute('SELECT nonsense')).rejects.toMatchObject({ code: 'ER_BAD_FIELD_ERROR' });
    expect(await idOf(pool)).toBe(id);
  });
});

describe.skipIf(!possible)('what a borrower leaves behind', () => {
  async function leave(pool: Pool, work: (connection: PoolConnection) => unknown): Promise<unknown> {
    const connection = await pool.getConnection();
    const id = await idOf(connection);
    await work(connection);
    connection.release();
    return id;
  }

  beforeAll(async () => {
    if (possible)
      await asAdministrator(server, (administrator) => administrator.query('CREATE OR REPLACE TABLE things (n INT)'));
  });

  test.each([
    ['begun with beginTransaction', (connection: PoolConnection) => connection.beginTransaction()],
    ['begun by a statement', (connection: PoolConnection) => connection.query('BEGIN')],
    ['begun by a prepared statement', (connection: PoolConnection) => connection.execute('START TRANSACTION')],
    [
      'begun in one of several statements, of which another fails',
      (connection: PoolConnection) =>
        connection.query('SELECT 1; BEGIN; INSERT INTO things VALUES (2); SELECT nonsense').catch(() => {}),
    ],
  ])('a transaction is rolled back, %s', async (_, begin) => {
    const pool = makePool({ connectionLimit: 1, multipleStatements: true });
    const id = await leave(pool, async (connection) => {
      await begin(connection);
      await connection.query('INSERT INTO things VALUES (1)');
    });
    expect(await valueFrom(pool, 'SELECT @@in_transaction')).toBe(0);
    expect(await valueFrom(pool, 'SELECT COUNT(*) FROM things')).toBe(0);
    expect(await idOf(pool)).toBe(id);
  });

  test.each([
    ['a variable of the session', "SET time_zone = '+05:00'", 'SELECT @@time_zone', 'SYSTEM'],
    ['one of the user', 'SET @mine = 1', 'SELECT @mine', null],
    ['one set before another statement', 'SET @mine = 1; SELECT 1', 'SELECT @mine', null],
    ['autocommit', 'SET autocommit = 0', 'SELECT @@autocommit', 1],
    [
      'the isolation level',
      'SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      'SELECT @@tx_isolation',
      'REPEATABLE-READ',
    ],
    ['the database', 'USE mysql', 'SELECT DATABASE()', 'test'],
    ['the character set', 'SET NAMES latin1', 'SELECT @@character_set_client', 'utf8mb4'],
    [
      'a temporary table',
      'CREATE TEMPORARY TABLE things (gone INT)',
      "SELECT COUNT(*) FROM information_schema.columns WHERE table_name = 'things' AND column_name = 'n'",
      1,
    ],
  ])('%s is as before, on the same connection, twice', async (_, change, look, before) => {
    const pool = makePool({ connectionLimit: 1, multipleStatements: true });
    const id = await leave(pool, (connection) => connection.query(change));
    expect(await valueFrom(pool, look)).toBe(before);
    await leave(pool, (connection) => connection.query(change));
    expect(await valueFrom(pool, look)).toBe(before);
    expect(await idOf(pool)).toBe(id);
  });

  test('prepared statements can be prepared anew', async () => {
    const pool = makePool({ connectionLimit: 1 });
    for (let round = 0; round < 3; round += 1) {
      await expect(pool.execute('SELECT ? AS n', [round])).resolves.toMatchObject([[{ n: round }], {}]);
      await leave(pool, (connection) => connection.query('SET @mine = 1'));
    }
  });

  test('with resetOnRelease on, all is undone always; with it off, transactions are, and settings stay', async () => {
    const on = makePool({ connectionLimit: 1, resetOnRelease: true });
    const lock = await leave(on, (connection) => connection.query("SELECT GET_LOCK('mine', 0), @mine := 1"));
    expect(await valueFrom(on, 'SELECT @mine')).toBe(null);
    expect(await valueFrom(on, "SELECT IS_USED_LOCK('mine')")).toBe(null);
    expect(await idOf(on)).toBe(lock);
    const off = makePool({ connectionLimit: 1, resetOnRelease: false });
    const id = await leave(off, async (connection) => {
      await connection.query('SET @mine = 1');
      await connection.beginTransaction();
    });
    expect(await valueFrom(off, 'SELECT @mine')).toBe(1);
    expect(await valueFrom(off, 'SELECT @@in_transaction')).toBe(0);
    expect(await idOf(off)).toBe(id);
  });

  test('settings cost the connection where a listener for `connection` may have made some of its own', async () => {
    const pool = makePool({ connectionLimit: 1 });
    pool.on('connection', (connection) => void connection.query("SET time_zone = '+01:00'"));
    const id = await leave(pool, () => {});
    expect(await idOf(pool)).toBe(id);
    await leave(pool, (connection) => connection.query("SET time_zone = '+02:00'"));
    expect(await valueFrom(pool, 'SELECT @@time_zone')).toBe('+01:00');
    expect(await idOf(pool)).not.toBe(id);
  });

  test('another user costs the connection', async () => {
    const pool = makePool({ connectionLimit: 1 });
    const id = await leave(pool, (connection) => connection.changeUser({ database: 'mysql' }));
    expect(await valueFrom(pool, 'SELECT DATABASE()')).toBe('test');
    expect(await idOf(pool)).not.toBe(id);
  });

  test('a query that is soon done costs nothing', async () => {
    const pool = makePool({ connectionLimit: 1 });
    let answer: unknown;
    const id = await leave(pool, (connection) => {
      answer = valueFrom(connection, 'SELECT SLEEP(0.1)');
    });
    expect(await idOf(pool)).toBe(id);
    await expect(answer).resolves.toBe(0);
  });

  test.each([
    ['that ran into its timeout', { sql: 'SELECT SLEEP(30)', timeout: 50 }, 'PROTOCOL_SEQUENCE_TIMEOUT'],
    ['that nobody awaited', { sql: 'SELECT SLEEP(30)' }, 'PROTOCOL_CONNECTION_LOST'],
  ])('a query %s costs the connection, and is told of', async (_, query, code) => {
    const pool = makePool({ connectionLimit: 1 });
    let told: Promise<unknown> | undefined;
    const id = await leave(pool, async (connection) => {
      told = connection.query(query).catch((error) => error.code);
      if ('timeout' in query) await told;
    });
    const { outcome, millis } = await timed(idOf(pool));
    expect(outcome).toMatchObject({ status: 'fulfilled' });
    expect(outcome).not.toMatchObject({ value: id });
    expect(millis).toBeLessThan(2000);
    await expect(told).resolves.toBe(code);
  });

  test('an answer that was stopped halfway costs the connection', async () => {
    const pool = makePool({ connectionLimit: 1 });
    const id = await leave(pool, (connection) => connection.pause());
    expect(await idOf(pool)).not.toBe(id);
  });
});

describe.skipIf(!possible)('ending', () => {
  test('is over when the sockets are closed', async () => {
    const pool = makePool();
    const connections = await Promise.all([pool.getConnection(), pool.getConnection()]);
    const sockets = connections.map(socketOf);
    connections[0].release();
    await pool.end();
    expect(sockets.map(({ closed }) => closed)).toEqual([true, true]);
    await pool.end();
  });
});

describe.skipIf(!possible)('mysql2Factory', () => {
  const makeClients = () => {
    const clients = createClients(mysql2Factory(server.connectionString), { max: 1, testOnBorrow: true });
    onTestFinished(() => clients.close());
    return clients;
  };
  const use = (clients: ReturnType<typeof makeClients>, work: (connection: Connection) => Promise<unknown>) =>
    clients.use((connection) => work(connection.promise()));

  test.each([
    [
      'a statement that failed leaves the connection',
      (connection: Connection) => connection.query('SELECT nonsense'),
      true,
    ],
    ['so does an error of the program', () => Promise.reject(new Error('own')), true],
    [
      'and one in a transaction, which is rolled back',
      async (connection: Connection) => {
        await connection.beginTransaction();
        throw new Error('own');
      },
      true,
    ],
    [
      'a query that has not been answered does not',
      async (connection: Connection) => {
        connection.query('SELECT SLEEP(30)').catch(() => {});
        throw new Error('own');
      },
      false,
    ],
  ])('%s', async (_, work: (connection: Connection) => Promise<unknown>, stays) => {
    const clients = makeClients();
    const id = await use(clients, idOf);
    await expect(use(clients, work)).rejects.toThrow();
    expect(await use(clients, (connection) => valueFrom(connection, 'SELECT @@in_transaction'))).toBe(0);
    expect((await use(clients, idOf)) === id).toBe(stays);
  });

  test('settings are undone', async () => {
    const clients = makeClients();
    await use(clients, (connection) => connection.query('SET @mine = 1'));
    expect(await use(clients, (connection) => valueFrom(connection, 'SELECT @mine'))).toBe(null);
  });

  test('an URL that can’t be parsed is refused at once, and not shown', () => {
    expect(() => mysql2Factory('mysql://me:secret@host:port/x')).toThrow(/connectionUri=\*\*\*/);
  });
});

describe.skipIf(!possible)('a whole process', () => {
  /** A CommonJS program. It finds `createPool`, and the database in DATABASE_URL. */
  const run = (program: string, env: Record<string, string> = {}) =>
    runNode(['-e', `const { createPool } = require('@lifeguard/mysql2');\n${program}`], {
      DATABASE_URL: server.connectionString,
      ...env,
    });

  test('errors that nobody listens to, of idle connections and of lent ones, do not end it', async () => {
    const outcome = await run(`
      const pool = createPool(process.env.DATABASE_URL).promise();
      (async () => {
        const connections = [await pool.getConnection(), await pool.getConnection()];
        const ids = connections.map(({ threadId }) => threadId);
        connections[1].release();
        const other = createPool(process.env.DATABASE_URL).promise();
        const gone = new Promise((resolve) => connections[0].connection.stream.once('close', resolve));
        for (const id of ids) await other.query('KILL ?', [id]);
        await other.end();
        await gone;
        await connections[0].query('SELECT 1').catch(() => console.log('told'));
        connections[0].release();
        console.log((await pool.query('SELECT 42 AS n'))[0][0].n);
        await pool.end();
      })();`);
    expect(outcome).toEqual({ status: 0, stdout: 'told\n42\n', stderr: '' });
  });

  test('LIFEGUARD_ENABLED=off makes it mysql2’s own pool', async () => {
    const outcome = await run(
      `
      const { inspect } = require('@lifeguard/tcp');
      const mysql = require('mysql2');
      const pool = createPool({ uri: process.env.DATABASE_URL, tcp: { keepAliveCount: 4 }, name: 'x' });
      pool.getConnection((error, connection) => {
        console.log(inspect(connection.stream)?.options.userTimeoutMillis || 0, pool.constructor === mysql.Pool);
        connection.release();
        pool.end();
      });
      createPool({ host: '127.0.0.1', port: 1 }).query('SELECT 1', (error) => console.log(error.code));`,
      { LIFEGUARD_ENABLED: 'off' },
    );
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout.trim().split('\n').sort()).toEqual(['0 true', 'ECONNREFUSED']);
  });

  test('bad configuration is one error that names it all, before anything connects', async () => {
    const { status, stderr } = await run(
      `createPool({ uri: process.env.DATABASE_URL, connectionLimit: -1, idleTimeout: -5 });`,
      { LIFEGUARD_USER_TIMEOUT: 'banana' },
    );
    expect(status).not.toBe(0);
    for (const word of ['connectionLimit=-1', 'idleTimeout=-5', 'LIFEGUARD_USER_TIMEOUT=banana']) {
      expect(stderr).toContain(word);
    }
  });

  test('a password is in no log line and in no error', async () => {
    const { status, stdout, stderr } = await run(
      `
      const { inspect } = require('node:util');
      const url = process.env.DATABASE_URL;
      const told = [];
      const attempt = async (options, sql = 'SELECT 1') => {
        try {
          const pool = createPool({ acquireTimeoutMillis: 300, ...options }).promise();
          await pool.query(sql).catch((error) => told.push(error));
          await pool.end();
        } catch (error) {
          told.push(error);
        }
      };
      (async () => {
        await attempt({ uri: url });
        await attempt({ uri: url }, 'SELECT nonsense');
        await attempt({ uri: url.replace(/:\\d+\\//, ':1/') });
        await attempt({ uri: url.replace(/:\\d+\\//, ':port/') });
        await attempt({ uri: url, database: 'nowhere' });
        await attempt({ uri: url, user: 'nobody' });
        await attempt({ uri: url, connectionLimit: -1 });
        console.log(told.length, inspect(told, { depth: null, maxStringLength: null }));
      })();`,
      { LIFEGUARD_LOG_LEVEL: 'trace' },
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^6 /);
    expect(stdout).toContain('uri=***');
    expect(stderr).toContain('"level":20');
    expect(stdout + stderr).not.toContain(PASSWORD);
  });
});
