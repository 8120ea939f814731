import { rabbitMqUnavailable, startRabbitMq } from '@lifeguard/lab';
import { testFaults } from './broker-matrix.js';

const password = 'the same after a power failure';

await testFaults({
  adapter: 'amqplib',
  program: new URL('./amqplib-client.mjs', import.meta.url),
  unavailable: rabbitMqUnavailable(),
  // 2 transports x (4 connections and 2 pools with a connection each).
  sockets: 12,
  ends: /^(Unexpected close|Channel ended|channel closed|Channel closed|Connection closed|socket-closed|Socket closed)/,
  start: async (host) => {
    const server = await startRabbitMq(host, { password, tls: true });
    const { host: address, port, tlsPort, user } = server;
    return {
      access: { host: address, port, tlsPort, user, password },
      kill: () => server.kill(),
      restart: () => server.restart(),
    };
  },
});
