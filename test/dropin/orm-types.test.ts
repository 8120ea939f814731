import { createPool } from '@lifeguard/mysql2';
import { createPool as createPromisePool } from '@lifeguard/mysql2/promise';
import { Pool } from '@lifeguard/pg';
import { drizzle as drizzleMysql2 } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { Kysely, MysqlDialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterEach, expect, test } from 'vitest';

// That this file compiles, without a cast, is what is tested. What the libraries do with the pools is in orm.test.ts.

interface Database {
  readonly accounts: { readonly id: number; readonly balance: number };
}

const NOWHERE = { host: '127.0.0.1', port: 1 };
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

test('Kysely takes our pools for its own', async () => {
  const postgres = new Kysely<Database>({ dialect: new PostgresDialect({ pool: new Pool(NOWHERE) }) });
  const mysql = new Kysely<Database>({ dialect: new MysqlDialect({ pool: createPool(NOWHERE) }) });
  ends.push(
    () => postgres.destroy(),
    () => mysql.destroy(),
  );
  expect(mysql.selectFrom('accounts').select('balance').compile().sql).toBe('select `balance` from `accounts`');
});

test('Drizzle takes our pools for its own', () => {
  const pool = new Pool(NOWHERE);
  const [callbacks, promises] = [createPool(NOWHERE), createPromisePool(NOWHERE)];
  ends.push(
    () => pool.end(),
    () => callbacks.promise().end(),
    () => promises.end(),
  );
  const clients: [pg.Pool, typeof callbacks, typeof promises] = [
    drizzlePg(pool).$client,
    drizzleMysql2(callbacks).$client,
    drizzleMysql2({ client: promises }).$client,
  ];
  expect(clients).toEqual([pool, callbacks, promises]);
});

test('TypeORM takes a module with our pool in place of the driver', () => {
  const sources = [
    new DataSource({ type: 'postgres', driver: { ...pg, Pool } }),
    new DataSource({ type: 'mysql', driver: { createPool } }),
  ];
  expect(sources.map(({ isInitialized }) => isInitialized)).toEqual([false, false]);
});
