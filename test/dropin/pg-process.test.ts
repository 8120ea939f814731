import { type Postgres, startPostgres } from '@lifeguard/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runNode } from './run-node.js';

// What only a whole process shows: how it ends, what it writes, how it starts.

const PASSWORD = 'correct-horse-battery-staple';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres('loopback', { password: PASSWORD });
});
afterAll(() => postgres?.close());

/** Runs a CommonJS program to its end. It finds `Pool`, and the database in DATABASE_URL. */
const run = (program: string, env: Record<string, string> = {}) =>
  runNode(['-e', `const { Pool } = require('@lifeguard/pg');\n${program}`], {
    DATABASE_URL: postgres.connectionString,
    ...env,
  });

const MAKE_POOL = 'const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 2 });';

test('require() brings a class that works, and is a pg.Pool', async () => {
  const outcome = await run(`${MAKE_POOL}
    const pg = require('pg');
    pool.query('SELECT 42 AS n', (error, result) => {
      console.log(error, result.rows[0].n, pool instanceof pg.Pool);
      pool.end();
    });`);
  expect(outcome).toEqual({ status: 0, stdout: 'undefined 42 true\n', stderr: '' });
});

test('errors that nobody listens to, of idle clients and of lent ones, do not end the process', async () => {
  const outcome = await run(`${MAKE_POOL}
    (async () => {
      const clients = [await pool.connect(), await pool.connect()];
      const pids = [];
      for (const client of clients) pids.push((await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid);
      clients[1].release();
      const other = new Pool({ connectionString: process.env.DATABASE_URL });
      const gone = clients.map((client) => new Promise((resolve) => client.once('end', resolve)));
      for (const pid of pids) await other.query('SELECT pg_terminate_backend($1)', [pid]);
      await other.end();
      await Promise.all(gone);
      clients[0].release();
      console.log((await pool.query('SELECT 42 AS n')).rows[0].n);
      await pool.end();
    })();`);
  expect(outcome).toEqual({ status: 0, stdout: '42\n', stderr: '' });
});

test('with allowExitOnIdle the process ends when all clients are idle, and not before', async () => {
  const outcome = await run(`
    const pool = new Pool({ connectionString: process.env.DATABASE_URL, allowExitOnIdle: true });
    const start = performance.now();
    process.on('exit', () => console.log(pool.idleCount, performance.now() - start < 5000));
    pool.on('remove', () => console.log('removed'));
    for (let n = 1; n <= 2; n += 1) pool.query('SELECT pg_sleep(0.2)').then(() => console.log('answered'));`);
  expect(outcome).toEqual({ status: 0, stdout: 'answered\nanswered\n2 true\n', stderr: '' });
});

test('with allowExitOnIdle the end of the pool is waited for', async () => {
  const outcome = await run(`
    const pool = new Pool({ connectionString: process.env.DATABASE_URL, allowExitOnIdle: true });
    (async () => {
      const [lent, idle] = [await pool.connect(), await pool.connect()];
      idle.release();
      const ended = pool.end();
      lent.release();
      await ended;
      console.log('ended');
    })();`);
  expect(outcome).toEqual({ status: 0, stdout: 'ended\n', stderr: '' });
});

test('LIFEGUARD_ENABLED=off makes it a plain pg.Pool', async () => {
  const outcome = await run(
    `${MAKE_POOL}
    const { inspect } = require('@lifeguard/tcp');
    (async () => {
      const client = await pool.connect();
      console.log(inspect(client.connection.stream)?.options.userTimeoutMillis || 0, pool.totalCount, pool.options.idleTimeoutMillis);
      client.release();
      await pool.end();
      console.log(pool.totalCount);
      const refused = new Pool({ host: '127.0.0.1', port: 1 });
      await refused.query('SELECT 1').catch((error) => console.log(error.code));
    })();`,
    { LIFEGUARD_ENABLED: 'off' },
  );
  expect(outcome).toEqual({ status: 0, stdout: '0 1 10000\n0\nECONNREFUSED\n', stderr: '' });
});

test('bad configuration ends the program with one error that names it all', async () => {
  const { status, stderr } = await run(`${MAKE_POOL}\nconsole.log('not reached');`, {
    LIFEGUARD_USER_TIMEOUT: 'banana',
    LIFEGUARD_POOL_MAX_CONNECTING: '-1',
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain('LIFEGUARD_USER_TIMEOUT=banana (allowed: ');
  expect(stderr).toContain('LIFEGUARD_POOL_MAX_CONNECTING=-1 (allowed: ');
});

test('a password is in no log line and in no error, whatever happens', async () => {
  const { status, stdout, stderr } = await run(
    `
    const { inspect } = require('node:util');
    const url = process.env.DATABASE_URL;
    const told = [];
    const tell = (thing) => told.push(thing);
    const attempt = async (options, work = (pool) => pool.query('SELECT 1')) => {
      try {
        const pool = new Pool({ connectionTimeoutMillis: 300, ...options });
        pool.on('error', tell);
        tell(pool);
        await work(pool).catch(tell);
        await pool.end();
      } catch (error) {
        tell(error);
      }
    };
    (async () => {
      await attempt({ connectionString: url });
      await attempt({ connectionString: url }, (pool) => pool.query('SELECT 1/0'));
      await attempt({ connectionString: url }, async (pool) => {
        const client = await pool.connect();
        client.release();
        await new Promise((resolve) => {
          pool.on('error', resolve);
          client.connection.stream.destroy();
        });
      });
      await attempt({ connectionString: url.replace(/:\\d+\\//, ':1/') });
      await attempt({ connectionString: url.replace(/:\\d+\\//, ':port/') });
      await attempt({ connectionString: url.replace(/[^/]+$/, 'nowhere') });
      await attempt({ connectionString: url.replace('postgres:', 'nobody:') });
      await attempt({ connectionString: url + '?ssl=true' });
      await attempt({ connectionString: url, max: -1 });
      await attempt({ host: '127.0.0.1', user: 'nobody', password: process.env.PASSWORD, port: new URL(url).port });
      console.log(inspect(told, { depth: null, maxStringLength: null }));
      console.log(JSON.stringify(told.map((thing) => thing.options ?? thing)));
    })();`,
    { LIFEGUARD_LOG_LEVEL: 'trace', PASSWORD },
  );
  expect(status).toBe(0);
  expect(stderr).toContain('"level":20');
  expect(stdout).toContain('ECONNREFUSED');
  expect(stdout).toContain('connectionString=***');
  expect(stdout + stderr).not.toContain(PASSWORD);
});
