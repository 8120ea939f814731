import { createPool } from '@lifeguard/mysql2/promise';
import mysql from 'mysql2/promise';
import { config } from './service.mjs';
import { serve } from './sql-service.mjs';

await serve({
  makePool: createPool,
  connect: (pool) => pool.getConnection(),
  release: (connection) => connection.release(),
  destroy: (connection) => connection.destroy(),
  coreOf: ({ connection }) => connection,
  query: (queryable, sql, values) => queryable.query(sql, values),
  held: ({ pool }) => pool._allConnections.length,
  end: (pool) => pool.end(),
  stock: async () => {
    const connection = await mysql.createConnection(config.server);
    connection.on('error', () => {});
    return {
      query: (sql) => connection.query(sql),
      kill: () => connection.connection.stream.resetAndDestroy(),
    };
  },
});
