import { inspect as print } from 'node:util';
import { type RedisServer, redisUnavailable, startRedis } from '@lifeguard/lab';
import { createPool, type PoolOptions } from '@lifeguard/pool';
import {
  createClient,
  createClientPool,
  createCluster,
  createSentinel,
  type PlainClient,
  redisFactory,
} from '@lifeguard/redis';
import { createClient as createStock, type RedisClientOptions } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  commandsProcessed,
  startCluster,
  startLoadingServer,
  startServer,
  startWatchedServers,
} from './redis-servers.js';
import { runNode } from './run-node.js';
import { openOptions, TCP, watchSockets } from './sockets.js';
import { timed } from './timed.js';

const missing = redisUnavailable();
if (missing) console.warn(`left out: node-redis against a real Redis, because ${missing}`);
const possible = process.env['CI'] === 'true' || missing === undefined;

const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Closed after the test. */
async function connected<C extends { connect(): Promise<unknown>; destroy(): unknown }>(client: C): Promise<C> {
  await client.connect();
  onTestFinished(() => void client.destroy());
  return client;
}

describe.skipIf(!possible)('one server', () => {
  let redis: RedisServer;
  let server: { socket: { host: string; port: number }; password: string };
  beforeAll(async () => {
    redis = await startRedis('loopback', { tls: true });
    server = { socket: { host: redis.host, port: redis.port }, password: redis.password };
  });
  afterAll(() => redis?.close());

  test.each(['plain', 'TLS'])(
    'sockets are hardened through each reconnect, however often it fails: %s',
    async (kind) => {
      const sockets = watchSockets();
      const tls = { socket: { host: redis.host, port: redis.tlsPort ?? 0, tls: true as const, ca: redis.ca ?? '' } };
      const client = await connected(createClient({ ...server, ...(kind === 'TLS' && tls), tcp: TCP }));
      expect(openOptions(sockets)).toEqual([TCP]);
      await redis.restart();
      expect(await client.ping()).toBe('PONG');
      expect(openOptions(sockets)).toEqual([TCP]);
      await redis.kill();
      let failures = 0;
      client.on('error', () => {
        failures += 1;
      });
      await vi.waitFor(() => expect(failures).toBeGreaterThan(4), { timeout: 5000 });
      await redis.restart();
      expect(await client.ping()).toBe('PONG');
      expect(openOptions(sockets)).toEqual([TCP]);
    },
  );

  test('also when it is the only client, however long the outage is', async () => {
    for (let failuresToSee = 3; failuresToSee <= 8; failuresToSee += 1) {
      const sockets = watchSockets();
      const client = createClient({ ...server, tcp: TCP });
      await client.connect();
      let failures = 0;
      client.on('error', () => {
        failures += 1;
      });
      await redis.kill();
      await vi.waitFor(() => expect(failures).toBeGreaterThanOrEqual(failuresToSee), { timeout: 5000, interval: 10 });
      await redis.restart();
      await client.ping();
      expect(openOptions(sockets)).toEqual([TCP]);
      client.destroy();
    }
  });

  test('so are those of its duplicates and pools, and no other', async () => {
    const sockets = watchSockets();
    const client = await connected(createClient({ ...server, tcp: TCP }));
    await connected(client.duplicate());
    await connected(client.createPool({ minimum: 2, maximum: 2 }));
    await connected(createClientPool({ ...server, tcp: TCP }, { minimum: 1, maximum: 1 }));
    expect(openOptions(sockets)).toEqual(Array(5).fill(TCP));
    const stock = createStock(server);
    await connected(stock);
    expect(openOptions(sockets).filter((options) => (options as typeof TCP).userTimeoutMillis === 0)).toHaveLength(1);
  });

  test('an error that nobody listens to does not end the process', async () => {
    const client = await connected(createClient(server));
    const copy = await connected(client.duplicate());
    await redis.restart();
    expect(await Promise.all([client.ping(), copy.ping()])).toEqual(['PONG', 'PONG']);
  });

  test('a socket option that can’t be used is an error before anything connects', () => {
    expect(() => createClient({ ...server, tcp: { keepAliveCount: 1000 } })).toThrow(/tcp\.keepAliveCount/);
    vi.stubEnv('LIFEGUARD_ORDERS_USER_TIMEOUT', 'soon');
    expect(() => createClient({ ...server, name: 'orders' })).toThrow(/LIFEGUARD_ORDERS_USER_TIMEOUT/);
  });

  test('a strategy of the user’s own goes before ours', async () => {
    const client = createClient({ ...server, socket: { ...server.socket, port: 1, reconnectStrategy: false } });
    await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('LIFEGUARD_ENABLED=off makes it a plain client', async () => {
    const script = `
      const { createClient } = await import('@lifeguard/redis');
      const { inspect, onClientSocket } = await import('@lifeguard/tcp');
      let opened;
      onClientSocket((socket) => { opened = socket; });
      const client = await createClient(JSON.parse(process.argv[1])).connect();
      console.log(inspect(opened).options.userTimeoutMillis, client.listenerCount('error'));
      client.destroy();`;
    const outcome = await runNode(['--input-type=module', '-e', script, JSON.stringify(server)], {
      LIFEGUARD_ENABLED: 'off',
    });
    expect(outcome).toEqual({ status: 0, stdout: '0 0\n', stderr: '' });
  });

  describe('pooled', () => {
    function poolOf(options: RedisClientOptions = {}, more: PoolOptions = {}) {
      const pool = createPool(redisFactory({ ...server, ...options }), { max: 1, logger, tcp: TCP, ...more });
      onTestFinished(() => pool.close({ timeoutMillis: 100 }));
      return pool;
    }
    const infoOf = async (client: PlainClient) => String(await client.sendCommand(['CLIENT', 'INFO']));

    test.each<[string, (client: PlainClient) => unknown]>([
      ['watching', (client) => client.watch('key')],
      ['in a transaction', (client) => client.sendCommand(['MULTI'])],
      ['with another database selected', (client) => client.select(5)],
      ['with another database selected in a pipeline', (client) => client.multi().select(5).execAsPipeline()],
      ['with a command under way', (client) => void client.set('other', 'value')],
      ['after a transaction in one piece', (client) => client.multi().set('a', '1').get('a').exec()],
    ])('one given back %s is lent again, put right', async (_, borrow) => {
      const sockets = watchSockets();
      const pool = poolOf();
      await pool.use(borrow);
      const again = await pool.acquire();
      expect(openOptions(sockets)).toEqual([TCP]);
      expect(await infoOf(again)).toMatch(/ db=0 .* multi=-1 /);
      // A key that is still watched would make the transaction fail.
      await redis.command('SET', 'key', String(Math.random()));
      expect(await again.multi().get('key').exec()).toHaveLength(1);
      expect(pool.stats().created).toBe(1);
      await pool.release(again);
    });

    test.each<[string, (client: PlainClient) => unknown]>([
      ['subscribed', (client) => client.subscribe('channel', () => {})],
      ['blocked', (client) => void client.blPop('nothing', 0).catch(() => {})],
      ['monitoring', (client) => client.monitor(() => {})],
      [
        'blocked in a pipeline',
        (client) =>
          void client
            .multi()
            .blPop('nothing', 0)
            .execAsPipeline()
            .catch(() => {}),
      ],
      ['with another name', (client) => client.clientSetName('mine')],
      ['having chosen a database in a transaction', (client) => client.multi().select(5).exec()],
      ['as another user', (client) => client.auth({ password: server.password })],
    ])('one given back %s is closed', async (_, borrow) => {
      const pool = poolOf();
      const first = await pool.acquire();
      await borrow(first);
      await pool.release(first);
      const second = await pool.acquire();
      expect(second).not.toBe(first);
      expect(await infoOf(second)).toMatch(/ name= .* db=0 sub=0 /);
      expect(pool.stats().evicted).toEqual({ 'reset-failed': 1 });
      await pool.release(second);
    });

    test('one that is clean is lent again without a word to the server', async () => {
      const pool = poolOf();
      await pool.use((client) => client.get('key'));
      const before = await commandsProcessed(redis);
      for (let loan = 0; loan < 5; loan += 1) await pool.use(async () => {});
      // AUTH and INFO of redis-cli itself.
      expect((await commandsProcessed(redis)) - before).toBe(2);
    });

    test.each<[string, RedisClientOptions, RegExp]>([
      ['a wrong password', { password: 'wrong' }, /^WRONGPASS/],
      ['no password', { password: '' }, /^NOAUTH/],
      ['no such database', { database: 4711 }, /^ERR DB index is out of range/],
      ['a URL of no sense', { url: 'http://localhost' }, /protocol/i],
    ])('%s: told at once', async (_, options, message) => {
      const { outcome, millis } = await timed(poolOf(options).acquire());
      expect(outcome).toMatchObject({ reason: { message: expect.stringMatching(message) } });
      expect(millis).toBeLessThan(1000);
      expect(print(outcome, { depth: 9 })).not.toContain("'wrong'");
    });

    test('a full server: who waits goes on waiting, and is served when there is room', async () => {
      const full = await startServer({ settings: { maxclients: '1' } });
      const place = { socket: { host: full.host, port: full.port }, password: full.password };
      const taker = createStock(place).on('error', () => {});
      await taker.connect();
      const error = await poolOf(place, { acquireTimeoutMillis: 700 })
        .acquire()
        .catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
      // The reset that follows may overtake the server's word.
      expect(String((error as Error).cause)).toMatch(/max number of clients|ECONNRESET|EPIPE|closed unexpectedly/);
      const patient = poolOf(place).acquire();
      taker.destroy();
      expect(await (await patient).ping()).toBe('PONG');
    });

    test('a server that loads its data: who waits is served when it has', async () => {
      const slow = await startLoadingServer();
      const place = { socket: { host: slow.host, port: slow.port }, password: slow.password };
      const pool = poolOf(place);
      expect(await pool.use((each) => each.get('key4000'))).toBe('4000');
      expect(pool.stats().connectFailures).toBeGreaterThan(0);
    });

    test('a connection to a server that has become a replica is not lent again; an ordinary refusal costs nothing', async () => {
      const demoted = await startServer();
      const pool = poolOf({ socket: { host: demoted.host, port: demoted.port }, password: demoted.password });
      await expect(pool.use((client) => client.sendCommand(['NONSENSE']))).rejects.toThrow(/^ERR unknown command/);
      expect(pool.available).toBe(1);
      await demoted.command('REPLICAOF', redis.host, String(redis.port));
      await expect(pool.use((client) => client.set('key', 'value'))).rejects.toThrow(/^READONLY/);
      expect(pool.stats().evicted).toEqual({ 'released-with-error': 1 });
    });
  });
});

describe.skipIf(!possible)('several servers', () => {
  test('Sentinels: sockets to them and to the nodes are hardened, through a failover', async () => {
    const { master, replica, sentinels } = await startWatchedServers();
    const sockets = watchSockets();
    const client = createSentinel({
      name: 'mymaster',
      sentinelRootNodes: sentinels,
      nodeClientOptions: { password: master.password },
      tcp: TCP,
    });
    await connected(client);
    await client.set('key', 'value');
    expect(openOptions(sockets).length).toBeGreaterThan(1);
    for (const options of openOptions(sockets)) expect(options).toEqual(TCP);
    await master.kill();
    await vi.waitFor(() => client.set('key', 'value'), { timeout: 15_000, interval: 100 });
    expect(await replica.command('GET', 'key')).toBe('value');
    for (const options of openOptions(sockets)) expect(options).toEqual(TCP);
  });

  test('Cluster: sockets to all nodes are hardened, whoever is the first to need them', async () => {
    const nodes = await startCluster('secret');
    const sockets = watchSockets();
    const rootNodes = nodes.map(({ host, port }) => ({ socket: { host, port } }));
    const defaults = { password: 'secret' };
    const cluster = await connected(createCluster({ rootNodes, defaults, minimizeConnections: true, tcp: TCP }));
    await Promise.all(['a', 'b', 'c'].map((key) => cluster.set(key, 'value')));
    await cluster.subscribe('channel', () => {});
    expect(openOptions(sockets).length).toBeGreaterThanOrEqual(4);
    for (const options of openOptions(sockets)) expect(options).toEqual(TCP);
    await nodes[0]?.restart();
    await vi.waitFor(() => Promise.all(['a', 'b', 'c'].map((key) => cluster.set(key, 'value'))), {
      timeout: 15_000,
      interval: 100,
    });
    for (const options of openOptions(sockets)) expect(options).toEqual(TCP);
  });
});
