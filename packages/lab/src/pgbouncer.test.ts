import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skip } from './capability.fixture.js';
import { type PgBouncer, type Postgres, pgBouncerUnavailable, startPgBouncer, startPostgres } from './index.js';

const noBouncer = skip(pgBouncerUnavailable());

let postgres: Postgres;
let bouncer: PgBouncer;
beforeAll(async () => {
  if (noBouncer) return;
  postgres = await startPostgres('loopback', { password: 'it\'s "mine", all % of it' });
  bouncer = await startPgBouncer('loopback', {
    postgres,
    poolMode: 'transaction',
    settings: { max_db_connections: '7' },
  });
});
afterAll(async () => {
  await bouncer?.close();
  await postgres?.close();
});

async function ask(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(connectionString);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe.skipIf(noBouncer)('PgBouncer', () => {
  it('leads to its server, asks for the password, and has its settings', async () => {
    expect(await ask(bouncer.connectionString, 'SHOW port')).toEqual([{ port: String(postgres.port) }]);
    const wrong = new URL(bouncer.connectionString);
    wrong.password = 'wrong';
    await expect(ask(wrong.href, 'SELECT 1')).rejects.toThrow('SASL');
    const config = await ask(bouncer.consoleString, 'SHOW CONFIG');
    const setting = (name: string) => config.find(({ key }) => key === name)?.['value'];
    expect([setting('pool_mode'), setting('max_db_connections')]).toEqual(['transaction', '7']);
  });

  it.each(['kill', 'stop'] as const)('serves again after a %s and a restart', async (end) => {
    const { pid } = bouncer.process;
    await bouncer[end]();
    await expect(ask(bouncer.connectionString, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await bouncer.restart();
    expect(bouncer.process.pid).not.toBe(pid);
    expect(await ask(bouncer.connectionString, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('says with the last lines of its log why it does not start', async () => {
    const settings = { pool_mode: 'nonsense' };
    const start = startPgBouncer('loopback', { postgres, poolMode: 'session', settings });
    await expect(start).rejects.toThrow(/did not start/);
  });
});
