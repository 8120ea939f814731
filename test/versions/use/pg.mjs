import assert from 'node:assert/strict';
import { Pool } from '@lifeguard/pg';
import { config, logger } from './service.mjs';

const pool = new Pool({ ...config.server, tcp: config.tcp, logger, max: 2 });
await pool.query('CREATE TABLE IF NOT EXISTS used (id int PRIMARY KEY, word text)');
await pool.query('INSERT INTO used VALUES ($1, $2), (2, $3)', [1, 'one', 'two']);
await pool.query({ name: 'change', text: 'UPDATE used SET word = $1 WHERE id = $2', values: ['zwei', 2] });
const client = await pool.connect();
await client.query('BEGIN');
await client.query('DELETE FROM used');
// What its borrower leaves open is rolled back.
client.release();
const { rows } = await pool.query('SELECT * FROM used ORDER BY id');
assert.deepEqual(rows, [
  { id: 1, word: 'one' },
  { id: 2, word: 'zwei' },
]);
await assert.rejects(pool.query('SELECT nonsense'), { code: '42703' });
await pool.query('DROP TABLE used');
await pool.end();
