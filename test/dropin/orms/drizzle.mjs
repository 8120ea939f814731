import { createPool } from '@lifeguard/mysql2';
import { Pool } from '@lifeguard/pg';
import { eq, sql } from 'drizzle-orm';
import { int, mysqlTable } from 'drizzle-orm/mysql-core';
import { drizzle as drizzleMysql2 } from 'drizzle-orm/mysql2';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { integer, pgTable } from 'drizzle-orm/pg-core';
import { SLEEP } from './sleep.mjs';

/** Drizzle on a pool of ours, for PostgreSQL or MariaDB. */
export function open(kind, { max, ...options }, name) {
  const pool = kind === 'pg' ? new Pool({ ...options, max }) : createPool({ ...options, connectionLimit: max });
  const database = kind === 'pg' ? drizzlePg(pool) : drizzleMysql2(pool);
  const table =
    kind === 'pg'
      ? pgTable(name, { id: integer().primaryKey(), balance: integer() })
      : mysqlTable(name, { id: int().primaryKey(), balance: int() });
  return {
    ...operations(database),
    transaction: (work) => database.transaction((transaction) => work(operations(transaction))),
    close: () => (kind === 'pg' ? pool.end() : pool.promise().end()),
  };

  function operations(on) {
    return {
      insert: (id, balance) => on.insert(table).values({ id, balance }),
      read: async (id) => {
        const [row] = await on.select({ balance: table.balance }).from(table).where(eq(table.id, id));
        return row?.balance;
      },
      update: (id, balance) => on.update(table).set({ balance }).where(eq(table.id, id)),
      remove: (id) => on.delete(table).where(eq(table.id, id)),
      sleep: (seconds) => on.execute(sql.raw(SLEEP[kind](seconds))),
      run: (statement) => on.execute(sql.raw(statement)),
    };
  }
}
