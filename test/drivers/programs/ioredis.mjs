import { Redis } from 'ioredis';

/** By its defaults it sends a command again until it has connected twenty times in vain: here the first loss is told. */
export async function open({ redis }) {
  const client = new Redis({ ...redis, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  return { call: () => client.ping() };
}
