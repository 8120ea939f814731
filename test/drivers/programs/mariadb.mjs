import { createConnection } from 'mariadb';

export async function open({ mariadb }) {
  const connection = await createConnection(mariadb);
  connection.on('error', () => {});
  return { call: () => connection.query('SELECT 1') };
}
