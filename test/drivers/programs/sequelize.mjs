import { Sequelize } from 'sequelize';

export async function open({ postgres }) {
  const db = new Sequelize(postgres.url, { dialect: 'postgres', logging: false });
  return { call: () => db.query('SELECT 1'), wait: () => db.query('SELECT pg_sleep(300)') };
}
