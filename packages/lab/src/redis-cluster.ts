import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './errors.js';
import type { Host } from './host.js';
import { type RedisServer, serverProgram, startProgram } from './redis.js';

/** How the nodes of a Redis cluster are started. */
export interface RedisClusterOptions {
  /** The first node's port on a host, the others' follow. Default: 7000. On loopback any free ports. */
  readonly port?: number;
  /** Of the user `default`, on all nodes. Default: none. */
  readonly password?: string;
}

const SLOTS = 16_384;

/**
 * Starts a Redis Cluster of masters, one on each of these places, several on one host if it is named several times.
 * Settles when all nodes say that the cluster is well.
 *
 * @throws LabUnavailableError, LabError as `startRedis` does
 */
export async function startRedisCluster(
  places: readonly (Host | 'loopback')[],
  { port = 7000, password = '' }: RedisClusterOptions = {},
): Promise<RedisServer[]> {
  const nodes = await Promise.all(places.map((place, index) => startNode(place, port + index, password)));
  await assignSlots(nodes);
  const [first, ...others] = nodes;
  for (const { server, bus } of others) {
    await first?.server.command('CLUSTER', 'MEET', server.host, String(server.port), String(bus));
  }
  const servers = nodes.map(({ server }) => server);
  await Promise.all(servers.map((server) => untilWell(server, servers.length)));
  return servers;
}

interface Node {
  readonly server: RedisServer;
  /** Where the other nodes talk to it. */
  readonly bus: number;
}

async function startNode(place: Host | 'loopback', usualPort: number, password: string): Promise<Node> {
  let bus = 0;
  const server = await startProgram(place, async (site) => {
    const port = await site.port(usualPort);
    bus = await site.port(usualPort + 10_000);
    const settings = {
      'cluster-enabled': 'yes',
      'cluster-port': String(bus),
      'cluster-node-timeout': '1000',
      // What the other nodes hold can be had while one is away.
      'cluster-require-full-coverage': 'no',
    };
    return serverProgram(site, { port, password, settings });
  });
  return { server, bus };
}

async function assignSlots(nodes: readonly Node[]): Promise<void> {
  const bounds = nodes.map((_, index) => Math.round((index * SLOTS) / nodes.length));
  for (const [index, { server }] of nodes.entries()) {
    const last = (bounds[index + 1] ?? SLOTS) - 1;
    await server.command('CLUSTER', 'ADDSLOTSRANGE', String(bounds[index]), String(last));
  }
}

const START_MILLIS = 20_000;

async function untilWell(node: RedisServer, count: number): Promise<void> {
  const deadline = performance.now() + START_MILLIS;
  for (;;) {
    const info = await node.command('CLUSTER', 'INFO');
    if (/cluster_state:ok/.test(info) && info.includes(`cluster_size:${count}`)) return;
    if (performance.now() > deadline) throw new LabError(`the nodes have not become a cluster: ${info}`);
    await delay(50);
  }
}
