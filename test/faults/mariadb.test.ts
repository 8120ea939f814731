import { testSqlFaults } from './sql-matrix.js';

testSqlFaults({
  adapter: 'mariadb',
  program: new URL('./mariadb-client.mjs', import.meta.url),
  lost: ['ER_SOCKET_UNEXPECTED_CLOSE', 'ER_CMD_CONNECTION_CLOSED'],
  tooLate: 'ER_GET_CONNECTION_TIMEOUT',
});
