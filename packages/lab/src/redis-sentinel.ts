import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './errors.js';
import type { Host } from './host.js';
import { quote, type RedisServer, startProgram } from './redis.js';

/** How Sentinels are started. */
export interface SentinelOptions {
  /** The name by which clients ask for the master. Default: `mymaster`. */
  readonly name?: string;
  /** The first one's port on a host, the others' follow. Default: 26379. On loopback any free ports. */
  readonly port?: number;
  /** How long the master may be silent until it counts as down, in milliseconds. Default: 1000. */
  readonly downAfterMillis?: number;
}

/**
 * Starts a Sentinel on each of these places, several on one host if it is named several times, to watch over a master
 * and its replicas. Settles when they know of each other and of the replicas, so that a failover can begin.
 *
 * @throws LabUnavailableError, LabError as `startRedis` does
 */
export async function startSentinels(
  places: readonly (Host | 'loopback')[],
  master: RedisServer,
  options: SentinelOptions = {},
): Promise<RedisServer[]> {
  const { name = 'mymaster', port = 26_379, downAfterMillis = 1000 } = options;
  const quorum = Math.floor(places.length / 2) + 1;
  const directives = [
    `sentinel monitor ${name} ${master.host} ${master.port} ${quorum}`,
    ...(master.password === '' ? [] : [`sentinel auth-pass ${name} ${quote(master.password)}`]),
    `sentinel down-after-milliseconds ${name} ${downAfterMillis}`,
    `sentinel failover-timeout ${name} ${5 * downAfterMillis}`,
  ];
  const sentinels = await Promise.all(
    places.map((place, index) =>
      startProgram(place, async (site) => ({
        port: await site.port(port + index),
        password: '',
        directives,
        flags: ['--sentinel'],
        readiness: '+monitor master',
      })),
    ),
  );
  await Promise.all(sentinels.map((sentinel) => untilReady(sentinel, name, sentinels.length, master)));
  return sentinels;
}

const DISCOVERY_MILLIS = 20_000;

/** Sentinels find each other and the replicas through the master, every two seconds, and tell nobody when they have. */
async function untilReady(sentinel: RedisServer, name: string, count: number, master: RedisServer): Promise<void> {
  const replicas = Number(/connected_slaves:(\d+)/.exec(await master.command('INFO', 'replication'))?.[1]);
  const deadline = performance.now() + DISCOVERY_MILLIS;
  for (;;) {
    const facts = await sentinel.command('SENTINEL', 'MASTER', name);
    const known = (field: string) => Number(new RegExp(`^${field}\n(\\d+)$`, 'm').exec(facts)?.[1]);
    if (known('num-other-sentinels') >= count - 1 && known('num-slaves') >= replicas) return;
    if (performance.now() > deadline) throw new LabError(`the Sentinels have not found each other: ${facts}`);
    await delay(50);
  }
}
