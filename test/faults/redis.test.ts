import { testFaults } from './redis-matrix.js';

testFaults({
  adapter: 'redis',
  program: new URL('./redis-client.mjs', import.meta.url),
  // 2 transports x (5 clients and 3 pools that hold 2).
  sockets: 22,
  ends: /^(Socket closed unexpectedly|The client is closed|peer-closed|kept for the next)/,
});
