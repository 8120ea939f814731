import type { NatsConnection } from '@nats-io/transport-node';
import { type Address, type Client, type Driver, SERVER_WORDS } from './driver.js';

export const nats: Driver = {
  server: 'nats',
  packages: ['@nats-io/transport-node', '@lifeguard/nats'],
  words: SERVER_WORDS,
  terms:
    'Both connections were made with their defaults. A request is a message and the `flush` after it, which the server\n' +
    'answers; none of them waits in the server, for NATS has no such.',
  stock: {
    name: 'nats',
    open: async (address) => clientOf(await (await import('@nats-io/transport-node')).connect(optionsFor(address))),
  },
  ours: {
    name: '@lifeguard/nats',
    open: async (address) => clientOf(await (await import('@lifeguard/nats')).connect(optionsFor(address))),
  },
};

function optionsFor({ host, port, user, password }: Address) {
  return { servers: `${host}:${port}`, user, pass: password };
}

function clientOf(connection: NatsConnection): Client {
  return {
    ask: async () => {
      connection.publish('lifeguard.blackout', 'x');
      await connection.flush();
    },
  };
}
