import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isRoot, noEntry } from './capability.fixture.js';
import { connectCode } from './connect-code.fixture.js';
import { type Host, Lab, type Postgres, startPostgres } from './index.js';
import { AS_NOBODY, publicCopy } from './ordinary-user.fixture.js';
import { childrenOf, state } from './proc.js';
import { countServerFolders } from './server-folders.fixture.js';

const QUIET_MILLIS = 300;

async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function answer(config: pg.ClientConfig, query: string): Promise<unknown> {
  const client = await connected(config);
  try {
    const { rows } = await client.query<Record<string, unknown>>(query);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

/** What is promised of it wherever it runs. */
function promises(database: () => Postgres): void {
  const login = (): pg.ClientConfig => ({ connectionString: database().connectionString });

  it('asks for the password', async () => {
    expect(await answer(login(), 'select current_user')).toBe('postgres');
    await expect(connected({ ...login(), password: undefined, connectionString: withoutPassword() })).rejects.toThrow(
      /password/,
    );
    const wrong = new URL(database().connectionString);
    wrong.password = 'wrong';
    await expect(connected({ connectionString: wrong.href })).rejects.toThrow('password authentication failed');

    function withoutPassword(): string {
      const url = new URL(database().connectionString);
      url.password = '';
      return url.href;
    }
  });

  it('speaks TLS with a certificate that a client can check', async () => {
    const { host, port, password, ca } = database();
    const client = { host, port, password, user: 'postgres', database: 'postgres' };
    const query = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
    expect(await answer({ ...client, ssl: { ca } }, query)).toBe(true);
    await expect(connected({ ...client, ssl: true })).rejects.toThrow('self-signed certificate');
    expect(await answer(client, query)).toBe(false);
  });

  it('has the settings that it was given, and room for 200 connections', async () => {
    expect(await answer(login(), 'show work_mem')).toBe('5MB');
    expect(await answer(login(), 'show max_connections')).toBe('200');
  });

  it('ends its connections at once when it is killed, and has its data again after a restart', async () => {
    await answer(login(), 'create table kept as select 42 as value');
    const client = await connected(login());
    const ended = new Promise((resolve) => client.once('end', resolve));
    const pids = [database().process.pid, ...childrenOf(database().process.pid)];
    await database().kill();
    await ended;
    expect(pids.length).toBeGreaterThan(3);
    expect(pids.filter((pid) => state(pid) !== undefined)).toEqual([]);
    expect(await connectCode(database().port, database().host)).toBe('ECONNREFUSED');
    await database().restart();
    expect(await answer(login(), 'select value from kept')).toBe(42);
    expect(pids).not.toContain(database().process.pid);
  });

  it('answers nothing while it is frozen, and then everything', async () => {
    const client = await connected(login());
    await database().freeze();
    const running = client.query('select 1');
    const connecting = connected(login());
    expect(await Promise.race([running, connecting, delay(QUIET_MILLIS, 'nothing')])).toBe('nothing');
    expect(await connectCode(database().port, database().host)).toBeUndefined();
    await database().thaw();
    expect((await running).rowCount).toBe(1);
    await Promise.all([client.end(), (await connecting).end()]);
  });

  it('tells its clients when it is stopped in order', async () => {
    const client = await connected(login());
    const failure = once(client, 'error').then(([error]) => error);
    await database().stop();
    expect(await failure).toMatchObject({ code: '57P01' });
    expect(await database().process.exited).toEqual({ code: 0, signal: null });
    await database().restart();
    expect(await answer(login(), 'select 1')).toBe(1);
  });
}

const OPTIONS = { tls: true, settings: { work_mem: '5MB' } } as const;

describe.skipIf(noEntry())('PostgreSQL on a host', () => {
  let lab: Lab;
  let db: Host;
  let database: Postgres;
  let leave = () => {};

  beforeAll(async () => {
    lab = await Lab.create();
    db = await lab.host('db');
    const app = await lab.host('app');
    database = await startPostgres(db, OPTIONS);
    leave = app.enter();
  });

  afterAll(async () => {
    leave();
    await lab.close();
  });

  promises(() => database);

  it('answers at the addresses of the host', async () => {
    const { port, password, ca } = database;
    for (const host of [db.address, db.address6]) {
      const client = { host, port, password, user: 'postgres', database: 'postgres', ssl: { ca } };
      expect(await answer(client, 'select inet_server_addr()')).toBe(host);
    }
  });

  it('leaves room for another on another port, which takes its data along when it is closed', async () => {
    expect(await countServerFolders(db)).toBe(1);
    const other = await startPostgres(db, { port: 5433, password: 'a b/c:d' });
    expect(other.ca).toBeUndefined();
    expect(await answer({ connectionString: other.connectionString }, 'show port')).toBe('5433');
    expect(await countServerFolders(db)).toBe(2);
    await other.close();
    expect(await connectCode(5433, db.address)).toBe('ECONNREFUSED');
    expect(await countServerFolders(db)).toBe(1);
  });

  it('that does not start says why', async () => {
    const settings = { work_mem: 'much' };
    await Promise.all([
      expect(startPostgres(db, { port: 5434, settings })).rejects.toThrow(
        /did not start: .*invalid value for parameter "work_mem": "much"/,
      ),
      expect(startPostgres(db)).rejects.toThrow(/did not start: .*Address already in use/),
    ]);
  });

  it('is lost with the power, and can be started anew', async () => {
    await db.powerOff();
    expect(await database.process.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await db.powerOn();
    await expect(database.restart()).rejects.toThrow('did not start');
    await database.close();
    const { ca } = database;
    database = await startPostgres(db, OPTIONS);
    expect(await answer({ connectionString: database.connectionString, ssl: { ca } }, 'select 1')).toBe(1);
  });
});

describe('PostgreSQL on loopback', () => {
  let database: Postgres;
  let other: Postgres;

  beforeAll(async () => {
    [database, other] = await Promise.all([startPostgres('loopback', OPTIONS), startPostgres('loopback')]);
  });

  afterAll(async () => {
    await Promise.all([database.close(), other.close()]);
  });

  promises(() => database);

  it('can be had twice, each with its own port and password', async () => {
    expect(other.port).not.toBe(database.port);
    expect(other.password).not.toBe(database.password);
    expect(await answer({ connectionString: other.connectionString }, 'select 1')).toBe(1);
  });

  it('is gone when it is closed', async () => {
    const brief = await startPostgres('loopback');
    await brief.close();
    expect(state(brief.process.pid)).toBeUndefined();
    expect(await connectCode(brief.port, brief.host)).toBe('ECONNREFUSED');
  });
});

describe('PostgreSQL where no namespace can be made', () => {
  let home: Awaited<ReturnType<typeof publicCopy>>;
  const makers: ChildProcess[] = [];

  beforeAll(async () => {
    home = await publicCopy();
  });

  afterEach(() => {
    for (const maker of makers.splice(0)) maker.kill('SIGKILL');
  });

  afterAll(async () => {
    await home[Symbol.asyncDispose]();
  });

  interface Facts {
    readonly pid: number;
    readonly folder: string;
    readonly port: number;
  }

  async function start(prefix: readonly string[]): Promise<Facts & { maker: ChildProcess }> {
    const program = join(home.path, 'src', 'plain-postgres.fixture.mjs');
    const [command = '', ...args] = [...prefix, process.execPath, program, join(home.path, 'dist')];
    const maker = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
    makers.push(maker);
    const [line] = await Promise.race([once(maker.stdout, 'data'), once(maker, 'exit')]);
    return { maker, ...JSON.parse(String(line)) };
  }

  async function expectGone({ pid, folder, port }: Facts): Promise<void> {
    await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 10_000 });
    expect(state(pid)).toBeUndefined();
    expect(await connectCode(port, '127.0.0.1')).toBe('ECONNREFUSED');
  }

  it('does not outlive its maker, root or not, and neither do its files', async () => {
    // Root's server runs as nobody, too.
    const prefixes = isRoot ? [[], AS_NOBODY] : [[]];
    const ends = prefixes.map(async (prefix) => {
      const { maker, ...facts } = await start(prefix);
      expect(existsSync(facts.folder)).toBe(true);
      maker.kill('SIGKILL');
      await expectGone(facts);
    });
    await Promise.all(ends);
  });

  it('leaves nothing when it is closed', async () => {
    const { maker, ...facts } = await start([]);
    maker.stdin?.end();
    expect(await once(maker, 'exit')).toEqual([0, null]);
    await expectGone(facts);
  });
});
