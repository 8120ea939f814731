import { NATS } from './nats-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(NATS);
