import { MARIADB } from './sql-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(MARIADB);
