import type { Redis } from 'ioredis';
import { BLOCKING_TERMS, duplicatesOf } from './blocking.js';
import { type Address, type Client, type Driver, SERVER_WORDS } from './driver.js';
import { inTurn } from './in-turn.js';

export const ioredis: Driver = {
  server: 'redis',
  packages: ['ioredis', '@lifeguard/ioredis'],
  words: SERVER_WORDS,
  terms: BLOCKING_TERMS,
  stock: {
    name: 'ioredis',
    open: async (address) => clientOf(new (await import('ioredis')).Redis(optionsFor(address))),
  },
  ours: {
    name: '@lifeguard/ioredis',
    open: async (address) => clientOf((await import('@lifeguard/ioredis')).createClient(optionsFor(address))),
  },
};

function optionsFor({ host, port, password }: Address) {
  return { host, port, password };
}

function clientOf(redis: Redis): Client {
  const blocking = duplicatesOf(redis);
  // Without a listener each error is written to stderr.
  for (const each of [redis, ...blocking]) each.on('error', () => {});
  const next = inTurn(blocking);
  return {
    ask: () => redis.get('lifeguard:blackout'),
    wait: (seconds) => next().blpop('lifeguard:blackout:nothing', seconds),
  };
}
