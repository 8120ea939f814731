import assert from 'node:assert/strict';
import { createPool } from '@lifeguard/mysql2';
import { config, logger } from './service.mjs';

const pool = createPool({ ...config.server, tcp: config.tcp, logger, connectionLimit: 2 });
const promises = pool.promise();
await promises.query('CREATE TABLE used (id int PRIMARY KEY, word text)');
await promises.query('INSERT INTO used VALUES ?', [
  [
    [1, 'one'],
    [2, 'two'],
  ],
]);
await promises.execute('UPDATE used SET word = ? WHERE id = ?', ['zwei', 2]);
const connection = await promises.getConnection();
await connection.beginTransaction();
await connection.query('DELETE FROM used');
await connection.rollback();
connection.release();
const rows = await new Promise((resolve, reject) => {
  pool.query('SELECT * FROM used ORDER BY id', (error, found) => (error ? reject(error) : resolve(found)));
});
assert.deepEqual(
  rows.map((row) => ({ ...row })),
  [
    { id: 1, word: 'one' },
    { id: 2, word: 'zwei' },
  ],
);
await assert.rejects(promises.query('SELECT nonsense'), { code: 'ER_BAD_FIELD_ERROR' });
await promises.query('DROP TABLE used');
await promises.end();
