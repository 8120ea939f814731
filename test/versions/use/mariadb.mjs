import assert from 'node:assert/strict';
import { createPool } from '@lifeguard/mariadb';
import { config, logger } from './service.mjs';

const pool = createPool({ ...config.server, tcp: config.tcp, poolLogger: logger, connectionLimit: 2 });
await pool.query('CREATE TABLE used (id int PRIMARY KEY, word text)');
await pool.batch('INSERT INTO used VALUES (?, ?)', [
  [1, 'one'],
  [2, 'two'],
]);
await pool.execute('UPDATE used SET word = ? WHERE id = ?', ['zwei', 2]);
const connection = await pool.getConnection();
await connection.beginTransaction();
await connection.query('DELETE FROM used');
await connection.rollback();
await connection.release();
const rows = await pool.query('SELECT * FROM used ORDER BY id');
assert.deepEqual(
  [...rows],
  [
    { id: 1, word: 'one' },
    { id: 2, word: 'zwei' },
  ],
);
await assert.rejects(pool.query('SELECT nonsense'), { code: 'ER_BAD_FIELD_ERROR' });
await pool.query('DROP TABLE used');
await pool.end();
