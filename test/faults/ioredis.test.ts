import { testFaults } from './redis-matrix.js';

testFaults({
  adapter: 'ioredis',
  program: new URL('./ioredis-client.mjs', import.meta.url),
  // 2 transports x (6 clients and 3 pools that hold 2).
  sockets: 24,
  ends: /^(Connection is closed\.|Reached the max retries per request limit|closed|peer-closed)/,
});
