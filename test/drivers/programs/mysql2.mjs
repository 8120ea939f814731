import { createPool } from 'mysql2/promise';

export async function open({ mariadb }) {
  const pool = createPool(mariadb);
  return { call: () => pool.query('SELECT 1'), wait: () => pool.query('SELECT SLEEP(300)') };
}
