import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noEntry, skip } from './capability.fixture.js';
import { connectCode } from './connect-code.fixture.js';
import { type Host, Lab, MariaDb, startMariaDb } from './index.js';
import { state } from './proc.js';
import { countServerFolders } from './server-folders.fixture.js';

const noMariaDb = skip(MariaDb.available());

const QUIET_MILLIS = 300;
const OPTIONS = { tls: true, settings: { 'max-connections': '33' } } as const;
/** With all that a shell or SQL might misread. */
const PASSWORD = `a'b\\c "$d\` e`;

async function answer(database: MariaDb, query: string, options: mysql.ConnectionOptions = {}): Promise<unknown> {
  const connection = await mysql.createConnection({ uri: database.connectionString, ...options });
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>({ sql: query, rowsAsArray: true });
    return (rows[0] as unknown as unknown[])[0];
  } finally {
    await connection.end();
  }
}

/** What is promised of it wherever it runs. */
function promises(database: () => MariaDb): void {
  it('asks for the password', async () => {
    expect(await answer(database(), 'SELECT CURRENT_USER()')).toBe('root@%');
    const password = createHash('md5').update(database().password).digest('hex');
    await expect(answer(database(), 'SELECT 1', { password })).rejects.toMatchObject({ errno: 1045 });
  });

  it('speaks TLS with a certificate that a client can check', async () => {
    const query = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'ssl_version'";
    expect(await answer(database(), query, { ssl: { ca: database().ca as string } })).toMatch(/^TLSv1/);
    await expect(answer(database(), query, { ssl: {} })).rejects.toThrow('self-signed certificate');
    expect(await answer(database(), query)).toBe('');
  });

  it('has the settings that it was given', async () => {
    expect(await answer(database(), 'SELECT @@max_connections')).toBe(33);
  });

  it('ends its connections at once when it is killed, and has its data again after a restart', async () => {
    await answer(database(), 'SELECT 1');
    const connection = await mysql.createConnection(database().connectionString);
    connection.on('error', () => {});
    await connection.query('CREATE OR REPLACE TABLE kept AS SELECT 42 AS value');
    const ended = once((connection as unknown as { connection: { stream: Socket } }).connection.stream, 'close');
    const { pid } = database().process;
    await database().kill();
    await ended;
    expect(state(pid)).toBeUndefined();
    expect(await connectCode(database().port, database().host)).toBe('ECONNREFUSED');
    await database().restart();
    expect(await answer(database(), 'SELECT value FROM kept')).toBe(42);
    expect(database().process.pid).not.toBe(pid);
  });

  it('answers nothing while it is frozen, and then everything', async () => {
    await database().freeze();
    const asking = answer(database(), 'SELECT 1');
    expect(await Promise.race([asking, delay(QUIET_MILLIS, 'nothing')])).toBe('nothing');
    expect(await connectCode(database().port, database().host)).toBeUndefined();
    await database().thaw();
    expect(await asking).toBe(1);
  });

  it('ends in order when it is stopped', async () => {
    await database().stop();
    expect(await database().process.exited).toEqual({ code: 0, signal: null });
    await database().restart();
    expect(await answer(database(), 'SELECT 1')).toBe(1);
  });
}

describe.skipIf(noMariaDb)('MariaDB on loopback', () => {
  let database: MariaDb;
  beforeAll(async () => {
    database = await startMariaDb('loopback', { ...OPTIONS, password: PASSWORD });
  });
  afterAll(() => database?.close());

  promises(() => database);

  it('can be had twice, and is gone when it is closed', async () => {
    const others = await Promise.all([startMariaDb('loopback'), startMariaDb('loopback')]);
    expect(new Set(others.map(({ port }) => port)).size).toBe(2);
    await Promise.all(others.map((other) => other.close()));
    for (const { host, port, process } of others) {
      expect(state(process.pid)).toBeUndefined();
      expect(await connectCode(port, host)).toBe('ECONNREFUSED');
    }
  });

  it('that does not start says why', async () => {
    await expect(startMariaDb('loopback', { settings: { nonsense: '1' } })).rejects.toThrow(
      /did not start: .*nonsense/,
    );
  });
});

describe.skipIf(noMariaDb || noEntry())('MariaDB on a host', () => {
  let lab: Lab;
  let db: Host;
  let database: MariaDb;
  let leave = () => {};

  beforeAll(async () => {
    lab = await Lab.create();
    db = await lab.host('db');
    const app = await lab.host('app');
    database = await startMariaDb(db, OPTIONS);
    leave = app.enter();
  });
  afterAll(async () => {
    leave();
    await lab?.close();
  });

  promises(() => database);

  it('answers at the addresses of the host', async () => {
    expect(database.port).toBe(3306);
    for (const host of [db.address, db.address6]) {
      expect(await answer(database, 'SELECT 1', { host })).toBe(1);
    }
  });

  it('leaves room for another on another port, which takes its data along when it is closed', async () => {
    const before = await countServerFolders(db);
    const other = await startMariaDb(db, { port: 3307 });
    expect(await answer(other, 'SELECT @@port')).toBe(3307);
    expect(await countServerFolders(db)).toBe(before + 1);
    await other.close();
    expect(await countServerFolders(db)).toBe(before);
  });
});
