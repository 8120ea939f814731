import type { Pool } from 'pg';
import { type Address, type Client, type Driver, POOL_MAX, SQL_WORDS } from './driver.js';

export const pg: Driver = {
  server: 'postgres',
  packages: [],
  words: SQL_WORDS,
  terms: `Both pools were made with their defaults, which are ${POOL_MAX} connections and, for pg.Pool, no timeout at all.`,
  stock: {
    name: 'pg.Pool',
    open: async (address) => clientOf(new (await import('pg')).default.Pool(optionsFor(address))),
  },
  ours: {
    name: '@lifeguard/pg',
    open: async (address) => clientOf(new (await import('@lifeguard/pg')).Pool(optionsFor(address))),
  },
};

/** The server speaks no TLS, and PGSSLMODE in the environment must not matter. */
function optionsFor(address: Address) {
  return { ...address, ssl: false, max: POOL_MAX };
}

function clientOf(pool: Pool): Client {
  // pg.Pool ends the process when an idle connection fails and nobody listens.
  pool.on('error', () => {});
  return {
    ask: () => pool.query('SELECT now()'),
    wait: (seconds) => pool.query('SELECT pg_sleep($1)', [seconds]),
  };
}
