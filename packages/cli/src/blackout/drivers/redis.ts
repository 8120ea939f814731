import { BLOCKING_TERMS, duplicatesOf } from './blocking.js';
import { type Address, type Client, type Driver, SERVER_WORDS } from './driver.js';
import { inTurn } from './in-turn.js';

type RedisClient = ReturnType<typeof import('redis').createClient>;

export const redis: Driver = {
  server: 'redis',
  packages: ['redis', '@lifeguard/redis'],
  words: SERVER_WORDS,
  terms: BLOCKING_TERMS,
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
  const blocking = duplicatesOf(client);
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
