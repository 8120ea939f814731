import { type Postgres, startPostgres } from '@lifeguard/lab';
import { pgFactory } from '@lifeguard/pg';
import { type Address, conformance } from '@lifeguard/pool/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, test } from 'vitest';

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres('loopback');
});
afterAll(() => postgres?.close());

function configFor(address: Address): pg.ClientConfig {
  const { user, password, database } = postgres;
  return { ...address, user, password, database };
}

describe('pgFactory', () => {
  conformance(
    {
      server: () => postgres,
      makeFactory: (address) => pgFactory(configFor(address)),
      ask: (client) => client.query('SELECT 1'),
      failHarmlessly: (client) => client.query('SELECT 1 / 0'),
      dirt: {
        'an open transaction': {
          leave: (client) => client.query('BEGIN; CREATE TEMPORARY TABLE left_behind ()'),
          isLeft: async (client) => {
            const { rows } = await client.query("SELECT to_regclass('pg_temp.left_behind') IS NOT NULL AS is_left");
            return rows[0].is_left;
          },
        },
        'a failed transaction': {
          leave: (client) => client.query('BEGIN; SELECT 1 / 0').catch(() => {}),
          // The suite asks it something: that would fail.
          isLeft: () => false,
        },
        'a query under way': {
          leave: (client) => void client.query('SELECT pg_sleep(60)').catch(() => {}),
          // It would not answer for a minute.
          isLeft: () => false,
        },
      },
      hopeless: {
        'a wrong password': (address) => pgFactory({ ...configFor(address), password: 'wrong' }),
        'an unknown database': (address) => pgFactory({ ...configFor(address), database: 'nowhere' }),
      },
    },
    { describe, test },
  );
});
