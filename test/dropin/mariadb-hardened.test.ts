import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { MariaDb, startMariaDb } from '@lifeguard/lab';
import { createPool, type PoolConfig } from '@lifeguard/mariadb';
import type { Connection, Pool } from 'mariadb';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { refusedPort } from './refused-port.js';
import { runNode } from './run-node.js';
import { addUser, asAdministrator, makeReadOnly, startSmallMariaDb, takeAllPlaces } from './small-mariadb.js';
import { openOptions, optionsAreReadable, TCP, watchSockets } from './sockets.js';
import { timed } from './timed.js';

// What the pool does when the server is away, full, read-only or gone, and what it tells of it.

const missing = MariaDb.available();
if (missing) console.warn(`left out: @lifeguard/mariadb and a server in trouble, because ${missing}`);
const possible = missing === undefined || process.env['CI'] === 'true';

const PASSWORD = 'correct-horse-battery-staple';
let server: MariaDb;
beforeAll(async () => {
  if (!possible) return;
  vi.stubEnv('LIFEGUARD_LOG_LEVEL', 'silent');
  server = await startSmallMariaDb(PASSWORD);
});
afterAll(() => server?.close());

const factsOf = ({ host, port, user, password, database }: MariaDb) => ({ host, port, user, password, database });

function makePool(options: PoolConfig = {}): Pool {
  const pool = createPool({ ...factsOf(server), ...options });
  onTestFinished(() => pool.end());
  return pool;
}

async function valueFrom(queryable: Pick<Connection, 'query'>, sql: string): Promise<unknown> {
  const rows = await queryable.query<unknown[][]>({ sql, rowsAsArray: true });
  const value = rows[0]?.[0];
  return typeof value === 'bigint' ? Number(value) : value;
}

const idOf = (queryable: Pick<Connection, 'query'>) => valueFrom(queryable, 'SELECT CONNECTION_ID()');

describe.skipIf(!possible)('the sockets', () => {
  test.skipIf(!optionsAreReadable()).each(['plain', 'TLS'])(
    'are hardened, and stay so when the driver sets keepalive: %s',
    async (kind) => {
      const sockets = watchSockets();
      const tls = kind === 'TLS' ? { ssl: { ca: server.ca as string } } : {};
      const pool = makePool({ ...tls, tcp: TCP, keepAliveDelay: 30_000, connectionLimit: 1 });
      await idOf(pool);
      expect(openOptions(sockets)).toEqual([TCP]);
      sockets[0]?.setKeepAlive(true, 30_000);
      await idOf(pool);
      expect(openOptions(sockets)).toEqual([TCP]);
    },
  );
});

describe.skipIf(!possible)('sockets that the driver does not open at once', () => {
  test.skipIf(!optionsAreReadable())('are hardened too, and nobody is told of the one that was not', async () => {
    const sockets = watchSockets();
    const stream = (take?: (error: Error | undefined, socket: net.Socket) => void) => {
      setImmediate(() => take?.(undefined, net.connect(server.port, server.host)));
    };
    const pool = makePool({ stream: stream as NonNullable<PoolConfig['stream']>, tcp: TCP, connectionLimit: 3 });
    await Promise.all([idOf(pool), idOf(pool), idOf(pool), idOf(pool)]);
    const options = openOptions(sockets);
    expect(options.length).toBeGreaterThan(0);
    expect(options).toEqual(options.map(() => TCP));
  });
});

test.skipIf(!possible)('on a Unix socket, where nothing is to be hardened, the first connection is kept', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lifeguard-'));
  const socketPath = join(folder, 'socket');
  let connects = 0;
  // The server's own is in a folder of the lab.
  const relay = net.createServer((client) => {
    connects += 1;
    const upstream = net.connect(server.port, server.host);
    pipeline(client, upstream, client, () => {});
  });
  await once(relay.listen(socketPath), 'listening');
  onTestFinished(async () => {
    relay.close();
    await rm(folder, { recursive: true });
  });
  const pool = makePool({ socketPath, connectionLimit: 1 });
  await idOf(pool);
  expect(connects).toBe(1);
});

describe.skipIf(!possible)('a database that is away', () => {
  test('ten who wait for a refused port make few connects, and are told why after their time', async () => {
    const connects = watchSockets();
    const pool = makePool({ host: '127.0.0.1', port: await refusedPort(), acquireTimeout: 2000 });
    const { outcome, millis } = await timed(
      Promise.allSettled(Array.from({ length: 10 }, () => pool.query('SELECT 1'))),
    );
    const cause = { code: 'ERR_POOL_ACQUIRE_TIMEOUT', cause: { code: 'ECONNREFUSED' } };
    const reason = { code: 'ER_GET_CONNECTION_TIMEOUT', cause };
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
      const pool = makePool(factsOf(other));
      await pool.query('SELECT 1');
      const running = pool.query('SELECT SLEEP(30)').catch((error) => error.code);
      await expect
        .poll(() => valueFrom(pool, "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SL%'"))
        .toBe(1);
      await other[end]();
      expect(await running).toMatch(
        /ER_SOCKET_UNEXPECTED_CLOSE|ER_CMD_CONNECTION_CLOSED|ECONNRESET|ER_SERVER_SHUTDOWN|ER_CONNECTION_KILLED/,
      );
      const waiting = Promise.all([valueFrom(pool, 'SELECT 1'), valueFrom(pool, 'SELECT 2')]);
      await other.restart();
      const { outcome, millis } = await timed(waiting);
      expect(outcome).toMatchObject({ value: [1, 2] });
      expect(millis).toBeLessThan(1500);
    },
  );

  test('a full server is waited for', async () => {
    const leave = await takeAllPlaces(server);
    const refused = makePool({ acquireTimeout: 300 });
    await expect(refused.query('SELECT 1')).rejects.toMatchObject({ cause: { cause: { code: 'ER_CON_COUNT_ERROR' } } });
    const pool = makePool();
    const answer = valueFrom(pool, 'SELECT 1');
    await leave();
    await expect(answer).resolves.toBe(1);
  });

  test('a user that does not exist is told to all who wait, at once', async () => {
    const pool = makePool({ user: 'nobody', connectionLimit: 2 });
    const { outcome, millis } = await timed(
      Promise.allSettled(Array.from({ length: 5 }, () => pool.query('SELECT 1'))),
    );
    const reason = { code: 'ER_ACCESS_DENIED_ERROR' };
    expect(outcome).toMatchObject({ value: Array.from({ length: 5 }, () => ({ status: 'rejected', reason })) });
    expect(millis).toBeLessThan(1000);
  });

  test('TLS that the server does not speak is told at once', async () => {
    await using other = await startMariaDb('loopback');
    const pool = makePool({ ...factsOf(other), ssl: true });
    const { outcome, millis } = await timed(pool.query('SELECT 1'));
    expect(outcome).toMatchObject({ reason: { code: 'ER_SERVER_SSL_DISABLED' } });
    expect(millis).toBeLessThan(1000);
  });
});

describe.skipIf(!possible)('a connection', () => {
  test.each(['idle', 'lent'])('that the server ends while it is %s is not lent again', async (state) => {
    const sockets = watchSockets();
    const pool = makePool({ connectionLimit: 1 });
    const connection = await pool.getConnection();
    const id = await idOf(connection);
    if (state === 'idle') await connection.release();
    await asAdministrator(server, (administrator) => administrator.query('KILL ?', [id]));
    // mariadb takes all listeners off a socket that it closes.
    await expect.poll(() => sockets[0]?.closed).toBe(true);
    if (state === 'lent') {
      await expect(connection.query('SELECT 1')).rejects.toThrow();
      await connection.release();
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
    await connection.release();
    const next = await idOf(pool);
    expect(next).not.toBe(id);
    await expect(pool.query('INSERT INTO written VALUES (1)')).rejects.toMatchObject({ errno: 1290 });
    expect(await idOf(pool)).not.toBe(next);
  });

  test('is kept after a statement that failed', async () => {
    const pool = makePool({ connectionLimit: 1 });
    const id = await idOf(pool);
    await expect(pool.query('SELECT nonsense')).rejects.toMatchObject({ code: 'ER_BAD_FIELD_ERROR' });
    await expect(pool.execute('SELECT nonsense')).rejects.toMatchObject({ code: 'ER_BAD_FIELD_ERROR' });
    expect(await idOf(pool)).toBe(id);
  });
});

describe.skipIf(!possible)('a whole process', () => {
  /** A CommonJS program. It finds `createPool` and `mariadb`, and the database in DATABASE_URL. */
  function run(program: string, env: Record<string, string> = {}) {
    const head = "const { createPool } = require('@lifeguard/mariadb');\nconst mariadb = require('mariadb');\n";
    const url = server.connectionString.replace(/^mysql:/, 'mariadb:');
    return runNode(['-e', head + program], { DATABASE_URL: url, ...env });
  }

  test('errors that nobody listens to, of idle connections and of lent ones, do not end it', async () => {
    const outcome = await run(`
      const { onClientSocket } = require('@lifeguard/tcp');
      (async () => {
        const sockets = [];
        const stop = onClientSocket((socket) => sockets.push(socket));
        const pool = createPool(process.env.DATABASE_URL);
        const connections = [await pool.getConnection(), await pool.getConnection()];
        stop();
        const ids = connections.map(({ threadId }) => threadId);
        await connections[1].release();
        const other = await mariadb.createConnection(process.env.DATABASE_URL);
        for (const id of ids) await other.query('KILL ?', [id]);
        await other.end();
        while (!sockets.every(({ closed }) => closed)) await new Promise(setImmediate);
        await connections[0].query('SELECT 1').catch(() => console.log('told'));
        await connections[0].release();
        console.log((await pool.query('SELECT 42 AS n'))[0].n);
        await pool.end();
      })();`);
    expect(outcome).toEqual({ status: 0, stdout: 'told\n42\n', stderr: '' });
  });

  test('LIFEGUARD_ENABLED=off makes it mariadb’s own pool', async () => {
    const outcome = await run(
      `
      const { inspect, onClientSocket } = require('@lifeguard/tcp');
      (async () => {
        const sockets = [];
        onClientSocket((socket) => sockets.push(socket));
        const { default: driver } = await import('mariadb');
        const own = driver.createPool({ host: '127.0.0.1', port: 1, minimumIdle: 0 });
        const url = new URL(process.env.DATABASE_URL.replace('mariadb:', 'http:'));
        const facts = { host: url.hostname, port: Number(url.port), user: url.username, password: url.password };
        const pool = createPool({ ...facts, connectionLimit: 1, tcp: { keepAliveCount: 4 }, name: 'x' });
        console.log((await pool.query('SELECT 42 AS n'))[0].n);
        console.log(inspect(sockets[0])?.options.userTimeoutMillis || 0, pool.constructor === own.constructor);
        await pool.end();
        await own.end();
      })();`,
      { LIFEGUARD_ENABLED: 'off' },
    );
    expect(outcome).toEqual({ status: 0, stdout: '42\n0 true\n', stderr: '' });
  });

  test('bad configuration is one error that names it all, before anything connects', async () => {
    const { status, stderr } = await run("createPool({ host: 'nowhere', connectionLimit: -1, acquireTimeout: -5 });", {
      LIFEGUARD_USER_TIMEOUT: 'banana',
    });
    expect(status).not.toBe(0);
    for (const word of ['connectionLimit=-1', 'acquireTimeout=-5', 'LIFEGUARD_USER_TIMEOUT=banana']) {
      expect(stderr).toContain(word);
    }
  });

  test('a password is in no log line and in no error', async () => {
    const { status, stdout, stderr } = await run(
      `
      const { inspect } = require('node:util');
      const url = process.env.DATABASE_URL;
      const told = [];
      const attempt = async (config, sql = 'SELECT 1') => {
        try {
          const pool = createPool(config);
          await pool.query(sql).catch((error) => told.push(error));
          await pool.end();
        } catch (error) {
          told.push(error);
        }
      };
      (async () => {
        await attempt(url);
        await attempt(url, 'SELECT nonsense');
        await attempt(url.replace(/:\\d+\\//, ':1/') + '?acquireTimeout=300');
        await attempt(url.replace('//', '//:') + '::');
        await attempt(url.replace(/[^/]*$/, 'nowhere'));
        await attempt(url.replace('//root', '//nobody'));
        await attempt(url + '?connectionLimit=-1');
        console.log(told.length, inspect(told, { depth: null, maxStringLength: null }));
      })();`,
      { LIFEGUARD_LOG_LEVEL: 'trace' },
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^6 /);
    expect(stderr).toContain('"level":20');
    expect(stdout + stderr).not.toContain(PASSWORD);
  });
});
