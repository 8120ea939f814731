import { REDIS } from './redis-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(REDIS);
