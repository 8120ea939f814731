import { testSqlFaults } from './sql-matrix.js';

testSqlFaults({
  adapter: 'mysql2',
  program: new URL('./mysql2-client.mjs', import.meta.url),
  lost: ['PROTOCOL_CONNECTION_LOST'],
  tooLate: 'ERR_POOL_ACQUIRE_TIMEOUT',
});
