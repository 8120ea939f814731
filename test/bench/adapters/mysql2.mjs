import { startMariaDb } from '@lifeguard/lab';
import { createPool } from '@lifeguard/mysql2/promise';
import mysql from 'mysql2/promise';
import { CONNECTIONS, openAll } from './connections.mjs';

export async function prepare() {
  const server = await startMariaDb('loopback');
  const { host, port, user, password, database } = server;
  const options = { host, port, user, password, database, connectionLimit: CONNECTIONS };
  const [ours, theirs] = [createPool(options), mysql.createPool(options)];
  for (const pool of [ours, theirs]) {
    await openAll(
      () => pool.getConnection(),
      (connection) => connection.release(),
    );
  }
  return {
    own: { name: '@lifeguard/mysql2', operate: () => ours.query('SELECT 1') },
    stock: { name: "mysql2's pool", operate: () => theirs.query('SELECT 1') },
    async close() {
      await Promise.all([ours.end(), theirs.end()]);
      await server.close();
    },
  };
}
