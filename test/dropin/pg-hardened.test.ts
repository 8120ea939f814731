import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { inspect as print } from 'node:util';
import { type Postgres, startPostgres } from '@lifeguard/lab';
import { Pool, type PoolConfig, pgFactory } from '@lifeguard/pg';
import { createPool } from '@lifeguard/pool';
import { inspect } from '@lifeguard/tcp';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { refusedPort } from './refused-port.js';
import { optionsAreReadable, TCP, watchSockets } from './sockets.js';
import { timed } from './timed.js';

// Where `Pool` differs from `pg.Pool`.

let postgres: Postgres;
beforeAll(async () => {
  vi.stubEnv('LIFEGUARD_LOG_LEVEL', 'silent');
  postgres = await startPostgres('loopback', { tls: true, settings: { max_connections: '30' } });
});
afterAll(() => postgres?.close());

function makePool(options: PoolConfig = {}): pg.Pool {
  const pool = new Pool({ connectionString: postgres.connectionString, ...options });
  onTestFinished(async () => {
    if (!pool.ending) await pool.end();
  });
  return pool;
}

const pidOf = async (client: Pick<pg.Pool, 'query'>) => {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
};

/** Does something as another client of the server. */
async function asAdministrator<R>(work: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client(postgres.connectionString);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const terminate = (pid: number | undefined) =>
  asAdministrator((client) => client.query('SELECT pg_terminate_backend($1)', [pid]));

describe('the sockets', () => {
  test.skipIf(!optionsAreReadable()).each(['plain', 'TLS'])(
    'are hardened, and stay so when the driver sets keepalive: %s',
    async (kind) => {
      const ssl = kind === 'TLS' && { ca: postgres.ca };
      const pool = makePool({ ssl, tcp: TCP, keepAlive: true, keepAliveInitialDelayMillis: 30_000 });
      const client = await pool.connect();
      const socket = client.connection.stream as Socket;
      expect('encrypted' in socket).toBe(kind === 'TLS');
      expect(inspect(socket)?.options).toEqual(TCP);
      socket.setKeepAlive(true, 30_000);
      expect(inspect(socket)?.options).toEqual(TCP);
      await pidOf(client);
      client.release();
      expect(inspect(socket)?.options).toEqual(TCP);
    },
  );
});

describe('a database that is away', () => {
  test('ten who wait for a refused port make few connects, and are told why after their time', async () => {
    const connects = watchSockets();
    const pool = makePool({
      connectionString: `postgres://me:secret@127.0.0.1:${await refusedPort()}/x`,
      connectionTimeoutMillis: 2000,
    });
    const start = performance.now();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => pool.query('SELECT 1')));
    const millis = performance.now() - start;
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'ERR_POOL_ACQUIRE_TIMEOUT', cause: { code: 'ECONNREFUSED' } },
      });
    }
    expect(connects.length).toBeGreaterThan(2);
    expect(connects.length).toBeLessThanOrEqual(30);
    expect(millis).toBeGreaterThanOrEqual(1990);
    expect(millis).toBeLessThan(2500);
    expect(pool.totalCount).toBe(0);
    expect(pool.waitingCount).toBe(0);
  });

  test('costs who waits nothing but the wait: they are served as soon as it is back', async () => {
    await using server = await startPostgres('loopback');
    const pool = makePool({ connectionString: server.connectionString });
    await pool.query('SELECT 1');
    await server.kill();
    // A client that was in use a moment ago is lent without a question: first its end has to be read.
    await expect.poll(() => pool.totalCount).toBe(0);
    const waiting = Promise.all([pool.query('SELECT 1 AS n'), pool.query('SELECT 2 AS n')]);
    await server.restart();
    const { outcome, millis } = await timed(waiting);
    expect(outcome).toMatchObject({ value: [{ rows: [{ n: 1 }] }, { rows: [{ n: 2 }] }] });
    expect(millis).toBeLessThan(1500);
  });

  test('a full server is waited for', async () => {
    const clients = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const client = new pg.Client(postgres.connectionString);
        await client.connect().catch(() => {});
        return client;
      }),
    );
    const pool = makePool();
    const failed = once(pool, 'connect', { signal: AbortSignal.timeout(300) }).then(
      () => 'connected',
      () => 'full',
    );
    const answer = pool.query('SELECT 1 AS n');
    await expect(failed).resolves.toBe('full');
    await Promise.all(clients.map((client) => client.end()));
    await expect(answer).resolves.toMatchObject({ rows: [{ n: 1 }] });
  });

  test.each([
    ['a wrong password', (url: URL) => (url.password = 'wrong'), '28P01'],
    ['a role that does not exist', (url: URL) => (url.username = 'nobody'), '28P01'],
    ['a database that does not exist', (url: URL) => (url.pathname = '/nowhere'), '3D000'],
    [
      'a setting that the server does not know',
      (url: URL) => url.searchParams.set('options', '-c nonsense=1'),
      '42704',
    ],
    ['a certificate that is not trusted', (url: URL) => url.searchParams.set('ssl', 'true'), /CERT|SIGNATURE/],
  ])('%s is told to all who wait, at once', async (_, change, code) => {
    const url = new URL(postgres.connectionString);
    change(url);
    const pool = makePool({ connectionString: url.href, max: 2 });
    const { outcome, millis } = await timed(
      Promise.allSettled(Array.from({ length: 5 }, () => pool.query('SELECT 1'))),
    );
    const reason = { code: typeof code === 'string' ? code : expect.stringMatching(code) };
    expect(outcome).toMatchObject({ value: Array.from({ length: 5 }, () => ({ status: 'rejected', reason })) });
    expect(millis).toBeLessThan(1000);
  });

  test('TLS that the server does not speak is told at once', async () => {
    await using server = await startPostgres('loopback');
    const pool = makePool({ connectionString: server.connectionString, ssl: true });
    const { outcome, millis } = await timed(pool.query('SELECT 1'));
    expect(outcome).toMatchObject({ reason: { message: 'The server does not support SSL connections' } });
    expect(millis).toBeLessThan(1000);
  });
});

describe('a client', () => {
  test('whose connection is ended without a word leaves the pool, and that is told', async () => {
    const between = createServer((inner) => {
      const outer = connect(postgres.port, postgres.host);
      inner.pipe(outer).pipe(inner);
    }).listen(0, '127.0.0.1');
    await once(between, 'listening');
    const accepted = once(between, 'connection');
    const url = new URL(postgres.connectionString);
    url.port = String((between.address() as AddressInfo).port);
    const pool = makePool({ connectionString: url.href });
    const client = await pool.connect();
    client.release();
    const told = once(pool, 'error');
    const [socket] = await accepted;
    socket.end();
    const [error, of] = await told;
    expect(error.message).toBe('Connection terminated unexpectedly');
    expect(of).toBe(client);
    expect(pool.totalCount).toBe(0);
    between.close();
  });

  test('is to be had of the error that it failed with, but not printed with it', async () => {
    const pool = makePool();
    const client = await pool.connect();
    const pid = await pidOf(client);
    client.release();
    const told = once(pool, 'error');
    await terminate(pid);
    const [error] = await told;
    expect(error.client).toBe(client);
    expect(print(error, { depth: null }).length).toBeLessThan(2000);
  });

  test('whose query ran into its timeout is not lent again', async () => {
    const pool = makePool({ max: 1, query_timeout: 100 });
    const client = await pool.connect();
    const pid = await pidOf(client);
    await expect(client.query('SELECT pg_sleep(30)')).rejects.toThrow('Query read timeout');
    client.release();
    const { outcome, millis } = await timed(pool.connect());
    expect(outcome.status).toBe('fulfilled');
    expect(millis).toBeLessThan(2000);
    if (outcome.status === 'fulfilled') {
      await expect(pidOf(outcome.value)).resolves.not.toBe(pid);
      outcome.value.release();
    }
  });

  test.each([
    ['open', 'BEGIN; CREATE TEMP TABLE left_behind (n int)'],
    ['failed', 'BEGIN; SELECT 1/0'],
  ])('that is released with a transaction that is %s is rolled back before anybody has it', async (_, statements) => {
    const pool = makePool({ max: 1 });
    const client = await pool.connect();
    const pid = await pidOf(client);
    await client.query(statements).catch(() => {});
    client.release();
    const { rows } = await pool.query("SELECT pg_backend_pid() AS pid, to_regclass('left_behind') AS left");
    expect(rows).toEqual([{ pid, left: null }]);
  });

  test('is kept after a statement that failed, while others wait for it', async () => {
    const pool = makePool({ max: 2 });
    let connects = 0;
    pool.on('connect', () => {
      connects += 1;
    });
    const failing = Array.from({ length: 40 }, () => pool.query('SELECT 1/0'));
    const working = Array.from({ length: 10 }, () => pool.query('SELECT 1'));
    const codes = (await Promise.allSettled(failing)).map((each) => each.status === 'rejected' && each.reason.code);
    await Promise.all(working);
    expect(new Set(codes)).toEqual(new Set(['22012']));
    expect(connects).toBeLessThanOrEqual(4);
  });

  test('is not kept in a transaction that failed', async () => {
    const pool = makePool({ max: 1 });
    const failing = pool.query('BEGIN; SELECT 1/0').catch((error: unknown) => error);
    const next = pool.query('SELECT 1 AS n');
    await expect(failing).resolves.toMatchObject({ code: '22012' });
    await expect(next).resolves.toMatchObject({ rows: [{ n: 1 }] });
  });

  test('that is slow to be opened may serve the next caller', async () => {
    let opened = 0;
    const pool = makePool({
      connectionTimeoutMillis: 50,
      onConnect: async (client) => {
        opened += 1;
        await client.query('SELECT pg_sleep(0.2)');
      },
    });
    await expect(pool.connect()).rejects.toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
    await expect.poll(() => pool.idleCount).toBe(1);
    await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
    expect(opened).toBe(1);
  });
});

describe('ending', () => {
  test('serves those who wait', async () => {
    const pool = makePool({ max: 1 });
    const client = await pool.connect();
    const waiting = pool.query('SELECT 1 AS n');
    const ended = pool.end();
    client.release();
    await expect(waiting).resolves.toMatchObject({ rows: [{ n: 1 }] });
    await ended;
    expect(pool.totalCount).toBe(0);
  });

  test('closes idle clients without waiting for those that are lent', async () => {
    const pool = makePool();
    const [lent, idle] = [await pool.connect(), await pool.connect()];
    idle.release();
    const removed = once(pool, 'remove');
    const ended = pool.end();
    await expect(removed).resolves.toEqual([idle]);
    await pidOf(lent);
    lent.release();
    await ended;
  });

  test('is over when the sockets are closed', async () => {
    const pool = makePool();
    const clients = await Promise.all([pool.connect(), pool.connect()]);
    const sockets = clients.map((client) => client.connection.stream as Socket);
    for (const client of clients) client.release();
    await pool.end();
    expect(sockets.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe('pgFactory', () => {
  const makeClients = () => {
    const clients = createPool(pgFactory(postgres.connectionString), { max: 1, testOnBorrow: true });
    onTestFinished(() => clients.close());
    return clients;
  };

  test('makes clients for createPool', async () => {
    const clients = makeClients();
    await expect(clients.use(pidOf)).resolves.toBeGreaterThan(0);
    expect(clients.connections()).toMatchObject([{ peer: `127.0.0.1:${postgres.port}`, place: 'idle' }]);
  });

  test.each([
    ['a statement that failed leaves the client', (client: pg.Client) => client.query('SELECT 1/0'), true],
    ['so does an error of the program', async () => Promise.reject(new Error('own')), true],
    [
      'one in a transaction does not',
      async (client: pg.Client) => {
        await client.query('BEGIN');
        await client.query('SELECT 1/0');
      },
      false,
    ],
    [
      'nor does a query that has not been answered',
      async (client: pg.Client) => {
        client.query('SELECT pg_sleep(30)').catch(() => {});
        throw new Error('own');
      },
      false,
    ],
  ])('%s', async (_, work: (client: pg.Client) => Promise<unknown>, stays) => {
    const clients = makeClients();
    const pid = await clients.use(pidOf);
    await expect(clients.use(work)).rejects.toThrow();
    expect((await clients.use(pidOf)) === pid).toBe(stays);
  });

  test('a transaction left open is rolled back; a client with a query under way is not lent again', async () => {
    const clients = makeClients();
    const pid = await clients.use(pidOf);
    await clients.use((client) => client.query('BEGIN; CREATE TEMP TABLE left_behind (n int)'));
    const left = await clients.use((client) => client.query("SELECT to_regclass('left_behind') AS left"));
    expect(left.rows).toEqual([{ left: null }]);
    await clients.use(async (client) => {
      client.query('SELECT pg_sleep(30)').catch(() => {});
    });
    await expect(clients.use(pidOf)).resolves.not.toBe(pid);
    expect(clients.stats().evicted).toEqual({ 'reset-failed': 1 });
  });

  test('a client that no longer answers is not lent', async () => {
    const clients = makeClients();
    const pid = await clients.use(pidOf);
    const evicted = once(clients, 'evict');
    await terminate(pid);
    const [, reason] = await evicted;
    expect(reason).toBe('fatal-error');
    await expect(clients.use(pidOf)).resolves.not.toBe(pid);
  });

  test('a connection string that can’t be parsed is refused at once, and not shown', () => {
    expect(() => pgFactory('postgres://me:secret@host:port/x')).toThrow(/connectionString=\*\*\*/);
  });
});
