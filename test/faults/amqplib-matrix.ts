import { type Host, rabbitMqUnavailable, startRabbitMq } from '@lifeguard/lab';
import { brokerPromises } from './broker-promises.js';
import type { Matrix, Servers } from './test-faults.js';

/** The same after a power failure. */
const OPTIONS = { password: 'known', tls: true };

export const AMQPLIB: Matrix = {
  adapter: 'amqplib',
  program: new URL('./amqplib-client.mjs', import.meta.url),
  unavailable: rabbitMqUnavailable(),
  start,
  isSlowToStart: true,
  ...brokerPromises(
    // 2 transports x (4 connections and 2 pools with a connection each).
    12,
    /^(Unexpected close|Channel ended|channel closed|Channel closed|Connection closed|socket-closed|Socket closed)/,
  ),
};

async function start(where: Host): Promise<Servers> {
  const server = await startRabbitMq(where, OPTIONS);
  const { host, port, tlsPort, user, password } = server;
  return {
    access: { host, port, tlsPort, user, password },
    kill: () => server.kill(),
    restart: () => server.restart(),
  };
}
