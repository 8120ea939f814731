import { once } from 'node:events';
import { type Postgres, startPostgres } from '@lifeguard/lab';
import { Pool as LifeguardPool } from '@lifeguard/pg';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

// What programs written for `pg.Pool` rely on. Each promise is put to `pg.Pool` itself too.

let postgres: Postgres;
beforeAll(async () => {
  vi.stubEnv('LIFEGUARD_LOG_LEVEL', 'silent');
  postgres = await startPostgres('loopback');
});
afterAll(() => postgres?.close());

const pools: pg.Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) if (!pool.ending) await pool.end();
});

const pidOf = async (client: pg.PoolClient | pg.Pool) => {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
};

describe.each([
  ['pg.Pool', pg.Pool],
  ['@lifeguard/pg', LifeguardPool],
])('%s', (_, Pool) => {
  function makePool(options: pg.PoolConfig = {}): pg.Pool {
    const pool = new Pool({ connectionString: postgres.connectionString, ...options });
    pools.push(pool);
    return pool;
  }

  describe('query', () => {
    test('takes text, values or a configuration, and gives a promise', async () => {
      const pool = makePool();
      const config = { text: 'SELECT $1::int AS n', values: [3] };
      await expect(pool.query('SELECT 1 AS n')).resolves.toMatchObject({ rows: [{ n: 1 }], rowCount: 1 });
      await expect(pool.query('SELECT $1::int AS n', [2])).resolves.toMatchObject({ rows: [{ n: 2 }] });
      await expect(pool.query(config)).resolves.toMatchObject({ rows: [{ n: 3 }] });
      await expect(pool.query({ ...config, rowMode: 'array' })).resolves.toMatchObject({ rows: [[3]] });
      expect(pool.idleCount).toBe(1);
    });

    test('takes a callback, and then gives nothing', async () => {
      const pool = makePool();
      const rowsOf = (ask: (callback: (error: Error, result: pg.QueryResult) => void) => unknown) =>
        new Promise((resolve, reject) => {
          expect(ask((error, result) => (error ? reject(error) : resolve(result.rows)))).toBeUndefined();
        });
      await expect(rowsOf((callback) => pool.query('SELECT 1 AS n', callback))).resolves.toEqual([{ n: 1 }]);
      await expect(rowsOf((callback) => pool.query('SELECT $1::int AS n', [2], callback))).resolves.toEqual([{ n: 2 }]);
      await expect(rowsOf((callback) => pool.query({ text: 'SELECT 3 AS n' }, callback))).resolves.toEqual([{ n: 3 }]);
      await expect(rowsOf((callback) => pool.query('SELECT', ['too', 'many'], callback))).rejects.toThrow();
    });

    test('takes a query object, and gives its client back when that is done', async () => {
      const pool = makePool();
      const result: unknown = pool.query(new pg.Query('SELECT 1 AS n'));
      await expect(result).resolves.toMatchObject({ rows: [{ n: 1 }] });
      expect(pool.idleCount).toBe(1);
    });

    test('rejects with the server’s error, its stack leading to who asked, and closes the client', async () => {
      const pool = makePool();
      const error = await (async function theCaller() {
        await pool.query('SELECT 1/0');
      })().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: '22012', severity: 'ERROR' });
      expect((error as Error).stack).toContain('theCaller');
      expect(pool.totalCount).toBe(0);
    });

    test('refuses what is no query, and keeps no client for it', async () => {
      const pool = makePool({ max: 1 });
      await expect(pool.query(null as unknown as string)).rejects.toThrow(TypeError);
      const asked = new Promise((resolve) => pool.query(resolve as unknown as string));
      await expect(asked).resolves.toMatchObject({
        message: expect.stringContaining('function as the first parameter'),
      });
      await expect(pidOf(pool)).resolves.toBeGreaterThan(0);
    });

    test('on one client is one session, even in a transaction', async () => {
      const pool = makePool({ max: 1 });
      await pool.query('CREATE TEMP TABLE session (n int)');
      await pool.query('BEGIN');
      await pool.query('INSERT INTO session VALUES (1)');
      await pool.query('ROLLBACK');
      await expect(pool.query('SELECT * FROM session')).resolves.toMatchObject({ rowCount: 0 });
    });
  });

  describe('connect', () => {
    test('gives a promise of a client, or calls back with it and its release', async () => {
      const pool = makePool();
      const client = await pool.connect();
      expect(client).toBeInstanceOf(pg.Client);
      client.release();
      const calledBack = new Promise((resolve, reject) => {
        const returned: unknown = pool.connect((error, again, release) => {
          release();
          if (error) reject(error);
          else resolve(again);
        });
        expect(returned).toBeUndefined();
      });
      await expect(calledBack).resolves.toBe(client);
    });

    test('calls back with an error, no client and a release to call', async () => {
      const pool = makePool({ connectionString: postgres.connectionString.replace(/[^/]+$/, 'nowhere') });
      const args = await new Promise<unknown[]>((resolve) => pool.connect((...all) => resolve(all)));
      expect(args).toEqual([expect.objectContaining({ code: '3D000' }), undefined, expect.any(Function)]);
      expect(pool.totalCount).toBe(0);
    });

    test('lends the client that came back last', async () => {
      const pool = makePool();
      const [first, second] = [await pool.connect(), await pool.connect()];
      first.release();
      second.release();
      await expect(pool.connect()).resolves.toBe(second);
      await expect(pool.connect()).resolves.toBe(first);
      first.release();
      second.release();
    });

    test('serves who waits in order', async () => {
      const pool = makePool({ max: 1 });
      const order: number[] = [];
      const client = await pool.connect();
      const waiters = [1, 2, 3].map(async (each) => {
        const lent = await pool.connect();
        order.push(each);
        lent.release();
      });
      expect(pool.waitingCount).toBe(3);
      client.release();
      await Promise.all(waiters);
      expect(order).toEqual([1, 2, 3]);
      expect(pool.totalCount).toBe(1);
    });

    test('gives up after connectionTimeoutMillis, and harms nobody else', async () => {
      const pool = makePool({ max: 1, connectionTimeoutMillis: 100 });
      const client = await pool.connect();
      await expect(pool.connect()).rejects.toThrow(/timeout|timed out/);
      const next = pool.query('SELECT 1');
      client.release();
      await expect(next).resolves.toMatchObject({ rowCount: 1 });
    });

    test('counts what there is', async () => {
      const pool = makePool({ max: 1 });
      const counts = () => [pool.totalCount, pool.idleCount, pool.waitingCount, pool.expiredCount];
      expect(counts()).toEqual([0, 0, 0, 0]);
      const connecting = pool.connect();
      expect(counts()).toEqual([1, 0, 0, 0]);
      const client = await connecting;
      const waiting = pool.connect();
      expect(counts()).toEqual([1, 0, 1, 0]);
      client.release();
      (await waiting).release();
      expect(counts()).toEqual([1, 1, 0, 0]);
      await pool.end();
      expect(counts()).toEqual([0, 0, 0, 0]);
    });
  });

  describe('release', () => {
    test('gives the client back at once', async () => {
      const pool = makePool();
      const client = await pool.connect();
      client.release();
      expect(pool.idleCount).toBe(1);
    });

    test('throws when it is called again, also after the client was lent again', async () => {
      const pool = makePool();
      const client = await pool.connect();
      const { release } = client;
      release();
      const words = 'Release called on client which has already been released to the pool.';
      expect(() => release()).toThrow(words);
      await pool.connect();
      expect(() => release()).toThrow(words);
      client.release();
    });

    test.each([true, new Error('broken')])('closes the client when called with %s', async (reason) => {
      const pool = makePool();
      const client = await pool.connect();
      const [released, removed] = [once(pool, 'release'), once(pool, 'remove')];
      client.release(reason);
      expect(pool.totalCount).toBe(0);
      await expect(released).resolves.toEqual([reason, client]);
      await expect(removed).resolves.toEqual([client]);
    });

    test('closes a client that its borrower has ended', async () => {
      const pool = makePool();
      const client = await pool.connect();
      void client.end();
      client.release();
      expect(pool.totalCount).toBe(0);
    });

    test('closes a client whose connection failed meanwhile', async () => {
      const pool = makePool();
      const told = vi.fn();
      pool.on('error', told);
      const client = await pool.connect();
      const failed = new Promise((resolve) => client.on('error', resolve));
      await terminate(await pidOf(client));
      await failed;
      expect(pool.totalCount).toBe(1);
      client.release();
      expect(pool.totalCount).toBe(0);
      expect(told).not.toHaveBeenCalled();
    });

    test('with a query under way loses neither its answer nor the client', async () => {
      const pool = makePool({ max: 1 });
      const client = await pool.connect();
      const pid = await pidOf(client);
      const answer = client.query('SELECT pg_sleep(0.1), 7 AS n');
      client.release();
      await expect(pidOf(pool)).resolves.toBe(pid);
      await expect(answer).resolves.toMatchObject({ rows: [{ n: 7 }] });
    });
  });

  describe('keeping', () => {
    test('a client is replaced after maxUses', async () => {
      const pool = makePool({ max: 1, maxUses: 2 });
      const pids = [await pidOf(pool), await pidOf(pool), await pidOf(pool)];
      expect(pids[1]).toBe(pids[0]);
      expect(pids[2]).not.toBe(pids[1]);
    });

    test('an idle client goes after idleTimeoutMillis, down to min', async () => {
      const pool = makePool({ min: 1, idleTimeoutMillis: 20 });
      expect(pool.totalCount).toBe(0);
      const clients = [await pool.connect(), await pool.connect()];
      const removed = once(pool, 'remove');
      for (const client of clients) client.release();
      await removed;
      expect(pool.totalCount).toBe(1);
    });

    test('a client goes at the end of its lifetime, on its return if it is lent', async () => {
      const pool = makePool({ maxLifetimeSeconds: 0.2, min: 2 });
      const [lent, idle] = [await pool.connect(), await pool.connect()];
      const removed = once(pool, 'remove');
      idle.release();
      await expect(removed).resolves.toEqual([idle]);
      await expect.poll(() => pool.expiredCount).toBe(1);
      lent.release();
      // A pool looks at what is lent now and then: what comes back just before that goes then.
      await expect.poll(() => pool.totalCount).toBe(0);
      expect(pool.expiredCount).toBe(0);
    });

    test('an idle client whose server ends it goes, and its error is told', async () => {
      const pool = makePool();
      const client = await pool.connect();
      const pid = await pidOf(client);
      client.release();
      const told = once(pool, 'error');
      await terminate(pid);
      const [error, of] = await told;
      expect(error).toMatchObject({ code: '57P01' });
      expect([of, error.client]).toEqual([client, client]);
      expect(pool.totalCount).toBe(0);
      await expect(pidOf(pool)).resolves.not.toBe(pid);
    });
  });

  describe('hooks', () => {
    test('onConnect prepares each new client before it is lent', async () => {
      const prepared: unknown[] = [];
      const pool = makePool({
        max: 1,
        onConnect: async (client) => {
          await client.query("SET application_name TO 'prepared'");
          prepared.push(client);
        },
      });
      for (let round = 0; round < 2; round += 1) {
        await expect(pool.query('SHOW application_name')).resolves.toMatchObject({
          rows: [{ application_name: 'prepared' }],
        });
      }
      expect(prepared).toHaveLength(1);
    });

    test.each([
      ['throws', () => Promise.reject(new Error('of the hook')), /of the hook/],
      ['runs a statement that fails', (client: pg.ClientBase) => client.query('SELECT nonsense'), /nonsense/],
    ])('an onConnect that %s is told to who asked, who may ask again', async (_case, fail, message) => {
      let failures = 0;
      const pool = makePool({
        onConnect: async (client) => {
          if (failures++ < 3) await fail(client);
        },
      });
      for (let round = 0; round < 3; round += 1) await expect(pool.query('SELECT 1')).rejects.toThrow(message);
      expect(pool.totalCount).toBe(0);
      await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
    });

    test('verify may refuse a new client', async () => {
      let refusals = 0;
      const pool = makePool({
        verify: (_client, done) => (refusals++ === 0 ? done(new Error('refused')) : done()),
      });
      await expect(pool.connect()).rejects.toThrow('refused');
      expect(pool.totalCount).toBe(0);
      await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
    });

    test('events tell of a client from its first to its last', async () => {
      const pool = makePool();
      const told: unknown[] = [];
      for (const event of ['connect', 'acquire', 'remove'] as const) {
        pool.on(event, (client) => void told.push([event, client]));
      }
      pool.on('release', (error, client) => void told.push(['release', client, error]));
      const client = await pool.connect();
      client.release();
      await pool.connect();
      const removed = once(pool, 'remove');
      client.release(true);
      await removed;
      expect(told).toEqual([
        ['connect', client],
        ['acquire', client],
        ['release', client, undefined],
        ['acquire', client],
        ['release', client, true],
        ['remove', client],
      ]);
    });

    test('log is told what the pool does', async () => {
      const messages: unknown[] = [];
      const pool = makePool({ maxUses: 1, log: (message) => void messages.push(message) });
      await pool.query('SELECT 1');
      expect(messages).toEqual(
        expect.arrayContaining(['connecting new client', 'dispatching query', 'remove expended client']),
      );
    });

    test('promises are of the class that the options name', async () => {
      class OtherPromise<T> extends Promise<T> {}
      const pool = makePool({ Promise: OtherPromise as PromiseConstructorLike });
      const connected = pool.connect();
      expect(connected).toBeInstanceOf(OtherPromise);
      (await connected).release();
      expect(pool.query('SELECT 1')).toBeInstanceOf(OtherPromise);
      const ended = pool.end();
      expect(ended).toBeInstanceOf(OtherPromise);
      await ended;
    });
  });

  describe('end', () => {
    test('waits for who has borrowed, refuses who comes later', async () => {
      const pool = makePool();
      const client = await pool.connect();
      const ended = pool.end();
      expect([pool.ending, pool.ended]).toEqual([true, false]);
      await expect(pool.connect()).rejects.toThrow('Cannot use a pool after calling end on the pool');
      await expect(pool.query('SELECT 1')).rejects.toThrow('Cannot use a pool after calling end on the pool');
      await expect(pool.end()).rejects.toThrow('Called end on pool more than once');
      await expect(pidOf(client)).resolves.toBeGreaterThan(0);
      client.release();
      await ended;
      expect([pool.ended, pool.totalCount]).toEqual([true, 0]);
    });

    test('takes a callback, of a pool that was never used too', async () => {
      const pool = makePool();
      await new Promise<void>((resolve) => {
        expect(pool.end(resolve)).toBeUndefined();
      });
      const error = await new Promise((resolve) => pool.end(resolve as () => void));
      expect(error).toMatchObject({ message: 'Called end on pool more than once' });
    });
  });
});

/** Ends a server's process as an administrator would. */
async function terminate(pid: number | undefined): Promise<void> {
  const client = new pg.Client(postgres.connectionString);
  await client.connect();
  await client.query('SELECT pg_terminate_backend($1)', [pid]);
  await client.end();
}
