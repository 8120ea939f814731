import Pool from 'pg-pool';

export async function open({ postgres }) {
  const pool = new Pool({ connectionString: postgres.url });
  pool.on('error', () => {});
  return { call: () => pool.query('SELECT 1'), wait: () => pool.query('SELECT pg_sleep(300)') };
}
