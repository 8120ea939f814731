import { PG } from './pg-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(PG);
