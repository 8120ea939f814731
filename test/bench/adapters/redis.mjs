import { startRedis } from '@lifeguard/lab';
import * as lifeguard from '@lifeguard/redis';
import * as redis from 'redis';

export async function prepare() {
  const server = await startRedis('loopback');
  const { host, port, password } = server;
  const options = { password, socket: { host, port } };
  const [ours, theirs] = [lifeguard.createClient(options), redis.createClient(options)];
  await Promise.all([ours.connect(), theirs.connect()]);
  return {
    own: { name: '@lifeguard/redis', operate: () => ours.get('key') },
    stock: { name: 'createClient of node-redis', operate: () => theirs.get('key') },
    async close() {
      await Promise.all([ours.close(), theirs.close()]);
      await server.close();
    },
  };
}
