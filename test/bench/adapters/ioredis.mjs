import { createClient } from '@lifeguard/ioredis';
import { startRedis } from '@lifeguard/lab';
import { Redis } from 'ioredis';

export async function prepare() {
  const server = await startRedis('loopback');
  const { host, port, password } = server;
  const [ours, theirs] = [createClient({ host, port, password }), new Redis({ host, port, password })];
  await Promise.all([ours.ping(), theirs.ping()]);
  return {
    own: { name: '@lifeguard/ioredis', operate: () => ours.get('key') },
    stock: { name: 'new Redis() of ioredis', operate: () => theirs.get('key') },
    async close() {
      await Promise.all([ours.quit(), theirs.quit()]);
      await server.close();
    },
  };
}
