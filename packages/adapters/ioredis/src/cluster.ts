import type { ClientSettings } from '@lifeguard/pool/client';
import { isEnabled, type TcpOptions } from '@lifeguard/tcp';
import { ReconnectPace } from '@lifeguard/tcp/client';
import { Cluster, type ClusterNode, type ClusterOptions, Redis } from 'ioredis';
import { preparation, settingsOf } from './client.js';
import { type Prepare, preparingConnector, withClientPrepared } from './connector.js';
import { hearErrors } from './hear-errors.js';
import type { ClusterClientOptions } from './options.js';
import { hidingUrl, keepSecrets, maskSecrets } from './secrets.js';
import { isPatienceGiven, limitWaits } from './wait-limit.js';

/**
 * Makes an ordinary `Cluster`. Every socket that it opens to any node is hardened, also those with which it subscribes and
 * asks for the slots. While no node can be had it tries again at least every half second, unless a
 * `clusterRetryStrategy` of your own says otherwise. A command waits for a node no longer than `LIFEGUARD_ACQUIRE_TIMEOUT`
 * (10 s), and fails with a `NotConnectedError` then, unless `redisOptions` have `maxRetriesPerRequest` or `commandTimeout`.
 *
 * With `LIFEGUARD_ENABLED` off it is `new Cluster()`, and that is all.
 *
 * @throws {ConfigError} that names every socket option and variable that can't be used, or a node's URL, which it does not show
 */
export function createCluster(startupNodes: ClusterNode[], options: ClusterClientOptions = {}): Cluster {
  if (!isEnabled()) return new Cluster(startupNodes, options);
  const settings = settingsOf(options.tcp, options.redisOptions ?? {});
  const prepare = preparationFor(options, settings.tcp);
  checkUrls(startupNodes);
  const cluster = new Cluster(startupNodes, { ...options, ...hardening(options, prepare) });
  return equip(cluster, options, prepare, settings);
}

/** A `Cluster` reads them when it connects, tells nobody what is wrong with one, and never connects. A `Redis` reads its own at once. */
function checkUrls(nodes: readonly ClusterNode[]): void {
  for (const node of nodes) if (typeof node === 'string') hidingUrl(() => new Redis(node, { lazyConnect: true }));
}

function preparationFor({ redisOptions }: ClusterOptions, tcp: Readonly<TcpOptions>): Prepare {
  return preparation(tcp, redisOptions?.connectTimeout === undefined ? new ReconnectPace() : undefined);
}

/** The options that are set here, those that are given among them. */
function hardening(options: ClusterOptions, prepare: Prepare): ClusterOptions {
  const { clusterRetryStrategy = (times) => Math.min(100 + times * 2, CEILING_MILLIS), redisOptions = {} } = options;
  return {
    clusterRetryStrategy,
    redisOptions: { ...redisOptions, Connector: preparingConnector(redisOptions, prepare) },
  };
}

/** What options can't do, of the cluster and of its duplicates. */
function equip(cluster: Cluster, options: ClusterOptions, prepare: Prepare, { tcp, limit }: ClientSettings): Cluster {
  prepareSubscriber(cluster, prepare);
  const waits = limit && limitWaits(cluster, limit);
  const note = (error: unknown) => waits?.noteOfNode(error);
  // Of what subscribes to shards, no client is to be had; this is the first to hear of their errors.
  cluster.on('nodeError', maskSecrets).on('node error', note);
  cluster.on('+node', (node: Redis) => {
    equipNode(node, note);
    if (limit) limitWaits(node, limit);
  });
  const { duplicate } = cluster;
  cluster.duplicate = (nodes: ClusterNode[] = [], override: ClusterOptions = {}) => {
    const all = { ...options, ...override };
    const settings = { tcp, limit: isPatienceGiven(all.redisOptions ?? {}) ? undefined : limit };
    const prepareOne = preparationFor(all, tcp);
    checkUrls(nodes);
    const copy = duplicate.call(cluster, nodes, { ...override, ...hardening(all, prepareOne) });
    return equip(copy, all, prepareOne, settings);
  };
  return cluster;
}

/** @param told of the errors of its duplicates: with one of them ioredis asks for the slots, and drops what it fails of */
function equipNode(node: Redis, told: (error: unknown) => void): Redis {
  keepSecrets(node);
  const { duplicate } = node;
  node.duplicate = (override) => {
    const copy = equipNode(duplicate.call(node, override), told);
    hearErrors(copy, told);
    return copy;
  };
  return node;
}

const CEILING_MILLIS = 500;

interface Subscriber {
  getInstance(): Redis | null;
  selectSubscriber(): void;
  /** Private by its types; the method for it came with 5.5. */
  readonly started: boolean;
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
    else timer = setTimeout(() => subscriber.started && select(), pause).unref();
  };
}

const SUBSCRIBER_PAUSE_MILLIS = 100;
