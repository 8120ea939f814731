import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Postgres, startPostgres } from '@lifeguard/lab';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

type ServiceProcess = ChildProcessByStdio<null, Readable, Readable>;

function spawnService(env: Readonly<Record<string, string>>): ServiceProcess {
  const service = spawn(process.execPath, [MAIN], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void service.kill('SIGKILL'));
  return service;
}

interface Service {
  readonly process: ServiceProcess;
  readonly url: string;
  /** All that it complains of, when it has ended. */
  readonly complaints: Promise<string>;
}

/** Starts the service, and finds where it listens. */
async function startService(env: Readonly<Record<string, string>>): Promise<Service> {
  const process = spawnService(env);
  const complaints = text(process.stderr);
  const ended = complaints.then((words) => Promise.reject(new Error(`the service has ended: ${words}`)));
  const [line] = (await Promise.race([once(createInterface(process.stdout), 'line'), ended])) as [string];
  return { process, url: `http://127.0.0.1:${line.replace('listening on port ', '')}`, complaints };
}

function post(url: string, body: string): Promise<Response> {
  return fetch(`${url}/orders`, { method: 'POST', body });
}

/** Asks again and again, for what no event announces. */
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited 15 s in vain: ${what}`);
    await delay(20);
  }
}

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres('loopback');
});
afterAll(() => postgres?.close());

const database = () => ({ DATABASE_URL: postgres.connectionString });

describe('the example service', () => {
  it('takes orders and lists them, the newest first', async () => {
    const { url } = await startService(database());
    const tea = await post(url, '{"item": "tea", "quantity": 2}');
    expect(tea.status).toBe(201);
    expect(await tea.json()).toEqual({ id: expect.any(Number), item: 'tea', quantity: 2 });
    await post(url, '{"item": "milk", "quantity": 1}');

    const orders = (await (await fetch(`${url}/orders`)).json()) as { item: string }[];
    expect(orders.slice(0, 2).map(({ item }) => item)).toEqual(['milk', 'tea']);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('takes the place of the database from pg’s own variables too', async () => {
    const { host, port, user, password, database } = postgres;
    const { url } = await startService({
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('refuses what is no order, and goes on', async () => {
    const { url } = await startService(database());
    for (const body of ['', 'tea', 'null', '[]', '{"item": "tea"}', '{"item": "tea", "quantity": 0}']) {
      expect((await post(url, body)).status, body).toBe(400);
    }
    expect((await post(url, 'x'.repeat(20_000))).status).toBe(413);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('survives the death of its database, says so meanwhile, and serves again when it is back', async () => {
    const { url } = await startService({ ...database(), LIFEGUARD_ACQUIRE_TIMEOUT: '1s' });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await postgres.kill();
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    expect((await fetch(`${url}/orders`)).status).toBe(503);

    await postgres.restart();
    expect((await fetch(`${url}/orders`)).status).toBe(200);
  });

  it('finishes the request under way on SIGTERM, then closes its connections and ends with status 0', async () => {
    const { process, url, complaints } = await startService(database());
    const exited = once(process, 'exit');
    const client = new pg.Client({ connectionString: postgres.connectionString });
    await client.connect();
    onTestFinished(() => client.end());

    // A lock holds the request up for as long as the test wants.
    await client.query('BEGIN');
    await client.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const underWay = fetch(`${url}/orders`);
    await until('the request waits for the lock', async () => {
      const { rowCount } = await client.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
      return rowCount === 1;
    });

    process.kill('SIGTERM');
    await until('no new connection is accepted', async () => !(await canConnect(url)));
    expect(process.exitCode).toBeNull();
    await client.query('COMMIT');

    expect((await underWay).status).toBe(200);
    const answeredAt = performance.now();
    expect(await exited).toEqual([0, null]);
    // Unless told otherwise, both sides keep the connection open for some seconds in case there is another request.
    expect(performance.now() - answeredAt).toBeLessThan(2_000);
    expect(await complaints).toBe('');
    await until('its connections are closed', async () => {
      const { rowCount } = await client.query("SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend'");
      return rowCount === 1;
    });
  });

  it('refuses a bad configuration in one line that names every bad variable, and connects to nothing', async () => {
    let connections = 0;
    const server = createServer(() => connections++).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const bad = { LIFEGUARD_USER_TIMEOUT: 'banana', LIFEGUARD_POOL_MAX: '-1', PORT: 'front' };
    const process = spawnService({ DATABASE_URL: `postgres://me:secret@127.0.0.1:${port}/orders`, ...bad });
    const [[status], stdout, stderr] = await Promise.all([
      once(process, 'exit'),
      text(process.stdout),
      text(process.stderr),
    ]);
    expect(status).toBe(1);
    expect(connections).toBe(0);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    for (const [name, value] of Object.entries(bad)) expect(stderr).toContain(`${name}=${value} (allowed: `);
    expect(stderr).not.toContain('secret');
  });
});

async function canConnect(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/nothing`, { headers: { connection: 'close' } });
    return true;
  } catch {
    return false;
  }
}
