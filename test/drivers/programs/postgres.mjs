import postgresJs from 'postgres';

export async function open({ postgres }) {
  const sql = postgresJs(postgres.url);
  return { call: () => sql`SELECT 1`, wait: () => sql`SELECT pg_sleep(300)` };
}
