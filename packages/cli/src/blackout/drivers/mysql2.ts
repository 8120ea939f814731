import type { Pool } from 'mysql2/promise';
import { type Client, type Driver, POOL_MAX, SQL_WORDS } from './driver.js';

export const mysql2: Driver = {
  server: 'mariadb',
  packages: ['mysql2', '@lifeguard/mysql2'],
  words: SQL_WORDS,
  terms: `Both pools were made with their defaults, which are ${POOL_MAX} connections and, for mysql2, no limit to waiting for one.`,
  stock: {
    name: 'mysql2',
    open: async (address) => clientOf((await import('mysql2/promise')).createPool({ ...address })),
  },
  ours: {
    name: '@lifeguard/mysql2',
    open: async (address) => clientOf((await import('@lifeguard/mysql2/promise')).createPool({ ...address })),
  },
};

function clientOf(pool: Pool): Client {
  return {
    ask: () => pool.query('SELECT 1'),
    wait: (seconds) => pool.query('SELECT SLEEP(?)', [seconds]),
  };
}
