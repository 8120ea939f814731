import { createPool } from '@lifeguard/mysql2';
import { Pool } from '@lifeguard/pg';
import { Kysely, MysqlDialect, PostgresDialect, sql } from 'kysely';
import { SLEEP } from './sleep.mjs';

/** Kysely on a pool of ours, for PostgreSQL or MariaDB. */
export function open(kind, { max, ...options }, table) {
  const dialect =
    kind === 'pg'
      ? new PostgresDialect({ pool: new Pool({ ...options, max }) })
      : new MysqlDialect({ pool: createPool({ ...options, connectionLimit: max }) });
  const database = new Kysely({ dialect });
  return {
    ...operations(database),
    transaction: (work) => database.transaction().execute((transaction) => work(operations(transaction))),
    close: () => database.destroy(),
  };

  function operations(on) {
    return {
      insert: (id, balance) => on.insertInto(table).values({ id, balance }).execute(),
      read: async (id) => {
        const row = await on.selectFrom(table).select('balance').where('id', '=', id).executeTakeFirst();
        return row?.balance;
      },
      update: (id, balance) => on.updateTable(table).set({ balance }).where('id', '=', id).execute(),
      remove: (id) => on.deleteFrom(table).where('id', '=', id).execute(),
      sleep: (seconds) => sql.raw(SLEEP[kind](seconds)).execute(on),
      run: (statement) => sql.raw(statement).execute(on),
    };
  }
}
