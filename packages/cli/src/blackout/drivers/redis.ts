import { type Address, type Client, type Driver, SERVER_WORDS } from './driver.js';
import { BLOCKING_CONNECTIONS, inTurn } from './in-turn.js';

type RedisClient = ReturnType<typeof import('redis').createClient>;

export const redis: Driver = {
  server: 'redis',
  packages: ['redis', '@lifeguard/redis'],
  words: SERVER_WORDS,
  terms: `Both clients were made with their defaults: one connection, and ${BLOCKING_CONNECTIONS} duplicates for BLPOP, which blocks.`,
  stock: {
    name: 'redis',
    open: async (address) => clientOf((await import('redis')).createClient(optionsFor(address))),
  },
  ours: {
    name: '@lifeguard/redis',
    open: async (address) =>
      clientOf((await import('@lifeguard/redis')).createClient(optionsFor(address)) as unknown as RedisClient),
  },
};

function optionsFor({ host, port, password }: Address) {
  return { password, socket: { host, port } };
}

async function clientOf(client: RedisClient): Promise<Client> {
  const duplicate = () => client.duplicate();
  const blocking = [duplicate(), ...Array.from({ length: BLOCKING_CONNECTIONS - 1 }, duplicate)] as const;
  const all = [client, ...blocking];
  // node-redis ends the process when nobody listens.
  for (const each of all) each.on('error', () => {});
  await Promise.all(all.map((each) => each.connect()));
  const next = inTurn(blocking);
  return {
    ask: () => client.get('lifeguard:blackout'),
    wait: (seconds) => next().blPop('lifeguard:blackout:nothing', seconds),
  };
}
