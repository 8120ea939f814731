import { HTTP } from './http-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(HTTP);
