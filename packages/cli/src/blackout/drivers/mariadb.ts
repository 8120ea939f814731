import type { Pool } from 'mariadb';
import { type Client, type Driver, POOL_MAX, SQL_WORDS } from './driver.js';

export const mariadb: Driver = {
  server: 'mariadb',
  packages: ['mariadb', '@lifeguard/mariadb'],
  words: SQL_WORDS,
  terms: `Both pools were made with their defaults, which are ${POOL_MAX} connections and at most 10 s of waiting for one.`,
  stock: {
    name: 'mariadb',
    open: async (address) => clientOf((await import('mariadb')).createPool({ ...address })),
  },
  ours: {
    name: '@lifeguard/mariadb',
    open: async (address) => clientOf((await import('@lifeguard/mariadb')).createPool({ ...address })),
  },
};

function clientOf(pool: Pool): Client {
  return {
    ask: () => pool.query('SELECT 1'),
    wait: (seconds) => pool.query('SELECT SLEEP(?)', [seconds]),
  };
}
