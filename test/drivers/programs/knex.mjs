import knex from 'knex';

export async function open({ postgres }) {
  const db = knex({ client: 'pg', connection: postgres.url });
  return { call: () => db.raw('SELECT 1'), wait: () => db.raw('SELECT pg_sleep(300)') };
}
