import pg from 'pg';

export async function open({ postgres }) {
  const client = new pg.Client(postgres.url);
  client.on('error', () => {});
  await client.connect();
  return { call: () => client.query('SELECT 1') };
}
