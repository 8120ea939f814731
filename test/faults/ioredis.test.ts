import { IOREDIS } from './redis-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(IOREDIS);
