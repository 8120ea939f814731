import { NET } from './net-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(NET);
