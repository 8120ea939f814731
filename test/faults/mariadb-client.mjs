import { createPool } from '@lifeguard/mariadb';
import mariadb from 'mariadb';
import { config, logger } from './service.mjs';
import { serve } from './sql-service.mjs';

await serve({
  makePool: ({ logger: _, acquireTimeoutMillis, ...options }) =>
    createPool({
      ...options,
      poolLogger: logger,
      ...(acquireTimeoutMillis && { acquireTimeout: acquireTimeoutMillis }),
    }),
  connect: (pool) => pool.getConnection(),
  release: (connection) => connection.release(),
  destroy: (connection) => connection.destroy(),
  coreOf: (connection) => connection,
  query: (queryable, sql, values) => queryable.query(sql, values),
  held: (pool) => pool.totalConnections(),
  end: (pool) => pool.end(),
  stock: async () => {
    const connection = await mariadb.createConnection(config.server);
    connection.on('error', () => {});
    return { query: (sql) => connection.query(sql), kill: () => connection.destroy() };
  },
});
