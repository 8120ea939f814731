import { type RedisOptions, type RedisServer, startRedis, startRedisCluster, startSentinels } from '@lifeguard/lab';
import { onTestFinished } from 'vitest';

// For as long as a test runs.

export async function startServer(options?: RedisOptions): Promise<RedisServer> {
  return kept(await startRedis('loopback', options));
}

/** A server that has just begun to load its data, which takes it some time: `key4000` is `4000`. */
export async function startLoadingServer(): Promise<RedisServer> {
  // It looks at its clients after every 1,024 commands that it loads.
  const server = await startServer({ settings: { 'key-load-delay': '300' } });
  await server.command('EVAL', "for i = 1, 4000 do redis.call('set', 'key' .. i, i) end", '0');
  await server.restart('listening');
  return server;
}

/** A master and its replica, watched over by three Sentinels, who call them `mymaster`. */
export async function startWatchedServers() {
  const master = await startServer();
  const replica = await startServer({ replicaOf: master });
  const sentinels = (await startSentinels(['loopback', 'loopback', 'loopback'], master)).map(kept);
  return { master, replica, sentinels: sentinels.map(({ host, port }) => ({ host, port })) };
}

/** A cluster of three. */
export async function startCluster(password: string): Promise<readonly RedisServer[]> {
  return (await startRedisCluster(['loopback', 'loopback', 'loopback'], { password })).map(kept);
}

function kept(server: RedisServer): RedisServer {
  onTestFinished(() => server.close());
  return server;
}

/** So many commands it has carried out since its start. */
export async function commandsProcessed(server: RedisServer): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await server.command('INFO', 'stats'))?.[1]);
}
