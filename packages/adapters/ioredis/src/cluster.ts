import { isEnabled } from '@lifeguard/tcp';
import { ReconnectPace, resolveClientTcp } from '@lifeguard/tcp/client';
import { Cluster, type ClusterNode, type Redis } from 'ioredis';
import { preparation } from './client.js';
import { type Prepare, preparingConnector, withClientPrepared } from './connector.js';
import type { ClusterClientOptions } from './options.js';

/**
 * Makes an ordinary `Cluster`. Every socket that it opens to any node is hardened, also those with which it subscribes and
 * asks for the slots. While no node can be had it tries again at least every half second, unless a
 * `clusterRetryStrategy` of your own says otherwise.
 *
 * With `LIFEGUARD_ENABLED` off it is `new Cluster()`, and that is all.
 *
 * @throws {ConfigError} that names every socket option and variable that can't be used
 */
export function createCluster(startupNodes: ClusterNode[], options: ClusterClientOptions = {}): Cluster {
  if (!isEnabled()) return new Cluster(startupNodes, options);
  const redisOptions = options.redisOptions ?? {};
  const tcp = resolveClientTcp(options.tcp, redisOptions.connectionName);
  const prepare = preparation(tcp, redisOptions.connectTimeout === undefined ? new ReconnectPace() : undefined);
  const cluster = new Cluster(startupNodes, {
    clusterRetryStrategy: (times) => Math.min(100 + times * 2, CEILING_MILLIS),
    ...options,
    redisOptions: { ...redisOptions, Connector: preparingConnector(redisOptions, prepare) },
  });
  prepareSubscriber(cluster, prepare);
  return cluster;
}

const CEILING_MILLIS = 500;

interface Subscriber {
  getInstance(): Redis | null;
  selectSubscriber(): void;
  isStarted(): boolean;
}

/**
 * The client that subscribes is made by ioredis with options of its own, among which there is no connector. So each is
 * looked at as soon as it is made. One that could not connect is followed by the next at once, a thousand times a second;
 * so that is slowed down.
 */
function prepareSubscriber(cluster: Cluster, prepare: Prepare): void {
  const { subscriber } = cluster as unknown as { readonly subscriber: Subscriber };
  const { selectSubscriber } = subscriber;
  let selectedAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const select = () => {
    selectedAt = performance.now();
    withClientPrepared(() => {
      selectSubscriber.call(subscriber);
      return subscriber.getInstance();
    }, prepare);
  };
  subscriber.selectSubscriber = () => {
    clearTimeout(timer);
    const pause = selectedAt + SUBSCRIBER_PAUSE_MILLIS - performance.now();
    if (pause <= 0 || subscriber.getInstance() === null) select();
    else timer = setTimeout(() => subscriber.isStarted() && select(), pause).unref();
  };
  const { duplicate } = cluster;
  cluster.duplicate = (...args) => {
    const copy = duplicate.apply(cluster, args);
    prepareSubscriber(copy, prepare);
    return copy;
  };
}

const SUBSCRIBER_PAUSE_MILLIS = 100;
