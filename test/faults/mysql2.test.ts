import { MYSQL2 } from './sql-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(MYSQL2);
