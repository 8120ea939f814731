import { AMQPLIB } from './amqplib-matrix.js';
import { testFaults } from './test-faults.js';

await testFaults(AMQPLIB);
