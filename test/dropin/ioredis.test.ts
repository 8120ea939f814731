import { once } from 'node:events';
import { inspect as print } from 'node:util';
import { createClient, createCluster, redisFactory } from '@lifeguard/ioredis';
import { type RedisServer, redisUnavailable, startRedis } from '@lifeguard/lab';
import { createPool, type PoolOptions } from '@lifeguard/pool';
import { inspect } from '@lifeguard/tcp';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
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
if (missing) console.warn(`left out: ioredis against a real Redis, because ${missing}`);
const possible = process.env['CI'] === 'true' || missing === undefined;

const logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Closed after the test. */
function mine<C extends Redis | Cluster>(client: C): C {
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

const optionsOf = ({ stream }: Redis) => inspect(stream as Parameters<typeof inspect>[0])?.options;
const until = (event: string, client: Redis) => new Promise((resolve) => client.once(event, resolve));

describe.skipIf(!possible)('one server', () => {
  let redis: RedisServer;
  let server: { host: string; port: number; password: string };
  beforeAll(async () => {
    redis = await startRedis('loopback', { tls: true });
    server = { host: redis.host, port: redis.port, password: redis.password };
  });
  afterAll(() => redis?.close());

  test.each(['plain', 'TLS'])(
    'sockets are hardened, whatever the driver sets, through each reconnect: %s',
    async (kind) => {
      const tls = kind === 'TLS' ? { port: redis.tlsPort ?? 0, tls: { ca: redis.ca } } : {};
      const client = mine(createClient({ ...server, ...tls, keepAlive: 30_000, tcp: TCP }));
      expect(client).toBeInstanceOf(Redis);
      await client.ping();
      expect(optionsOf(client)).toEqual(TCP);
      client.stream.setKeepAlive(true, 1000);
      expect(optionsOf(client)).toEqual(TCP);
      const before = client.stream;
      await redis.restart();
      expect(await client.ping()).toBe('PONG');
      expect(client.stream).not.toBe(before);
      expect(optionsOf(client)).toEqual(TCP);
    },
  );

  test('so are those of its duplicates, of one that connects late, and of one that monitors', async () => {
    const client = mine(
      createClient(server.port, server.host, { password: server.password, lazyConnect: true, tcp: TCP }),
    );
    const copy = mine(client.duplicate());
    await copy.ping();
    const monitor = mine(await client.monitor());
    await client.ping();
    for (const each of [client, copy, monitor]) expect(optionsOf(each)).toEqual(TCP);
  });

  test('it takes what `new Redis` takes', async () => {
    const url = `redis://:${server.password}@${server.host}:${server.port}/3`;
    expect(await mine(createClient(url)).client('INFO')).toContain(' db=3 ');
    expect(await mine(createClient(url, { tcp: TCP })).ping()).toBe('PONG');
    expect(await mine(createClient(server.port, { password: server.password })).ping()).toBe('PONG');
    expect(createClient(...([] as [])).disconnect()).toBeUndefined();
  });

  test('a socket option that can’t be used is an error before anything connects', () => {
    expect(() => createClient({ ...server, tcp: { keepAliveCount: 1000 } })).toThrow(/tcp\.keepAliveCount/);
    vi.stubEnv('LIFEGUARD_ORDERS_USER_TIMEOUT', 'soon');
    expect(() => createClient({ ...server, connectionName: 'orders' })).toThrow(/LIFEGUARD_ORDERS_USER_TIMEOUT/);
  });

  test('a strategy of the user’s own goes before ours', async () => {
    const asked: number[] = [];
    const retryStrategy = (times: number) => {
      asked.push(times);
      return null;
    };
    const client = mine(createClient({ ...server, port: 1, retryStrategy }));
    await expect(client.ping()).rejects.toThrow('Connection is closed.');
    expect(asked).toEqual([1]);
  });

  test('a refused password reaches the callers at once, and is shown by no error', async () => {
    const password = 'not-the-password';
    const client = createClient({ ...server, password });
    const told: unknown[] = [];
    client.on('error', (error) => told.push(error));
    onTestFinished(() => client.disconnect());
    const error = await client.ping().catch((error: unknown) => error);
    expect(error).toMatchObject({ message: expect.stringMatching(/^WRONGPASS/) });
    expect(print([error, ...told], { depth: 9, showHidden: true })).not.toContain(password);
  });

  test('a server that has become a replica is left', async () => {
    const demoted = await startServer();
    const client = mine(createClient(demoted.port, demoted.host, { password: demoted.password }));
    await client.ping();
    await demoted.command('REPLICAOF', server.host, String(server.port));
    const left = until('close', client);
    await expect(client.set('key', 'value')).rejects.toThrow(/^READONLY/);
    await left;
  });

  test('LIFEGUARD_ENABLED=off makes it a plain client', async () => {
    const script = `
      const { createClient } = await import('@lifeguard/ioredis');
      const { inspect } = await import('@lifeguard/tcp');
      const client = createClient(JSON.parse(process.argv[1]));
      await client.ping();
      console.log(client.options.Connector, String(client.options.retryStrategy(1000)), inspect(client.stream).options.userTimeoutMillis);
      client.disconnect();`;
    const outcome = await runNode(['--input-type=module', '-e', script, JSON.stringify(server)], {
      LIFEGUARD_ENABLED: 'off',
    });
    // The pause is the driver's own, of whichever version.
    const stdout = expect.stringMatching(/^undefined [2-9]\d{3} 0\n$/);
    expect(outcome).toEqual({ status: 0, stdout, stderr: '' });
  });

  describe('pooled', () => {
    function poolOf(options: RedisOptions = {}, more: PoolOptions = {}) {
      const pool = createPool(redisFactory({ ...server, ...options }), { max: 1, logger, tcp: TCP, ...more });
      onTestFinished(() => pool.close({ timeoutMillis: 100 }));
      return pool;
    }
    const idOf = (client: Redis) => client.client('ID');

    test('connections are hardened', async () => {
      expect(await poolOf().use(async (client) => optionsOf(client))).toEqual(TCP);
    });

    test.each<[string, (client: Redis) => unknown]>([
      ['watching', (client) => client.watch('key')],
      ['in a transaction', (client) => client.multi({ pipeline: false })],
      [
        'in a transaction with commands queued',
        async (client) => {
          await client.multi({ pipeline: false });
          await client.set('key', 'from a transaction');
        },
      ],
      ['with another database selected', (client) => client.select(5)],
      ['with another database selected by call', (client) => client.call('SELECT', '5')],
      ['with another database selected in a pipeline', (client) => client.pipeline().call('SELECT', '5').exec()],
      ['with a command under way', (client) => void client.set('other', 'value')],
      ['after a transaction in one piece', (client) => client.multi().set('a', 1).get('a').exec()],
    ])('one given back %s is lent again, put right', async (_, borrow) => {
      const pool = poolOf();
      const id = await pool.use(async (client) => {
        await borrow(client);
        return idOf(client).catch(() => undefined);
      });
      const again = await pool.acquire();
      if (typeof id === 'number') expect(await idOf(again)).toBe(id);
      expect(pool.stats().created).toBe(1);
      expect(await again.client('INFO')).toMatch(/ db=0 .* multi=-1 /);
      // A key that is still watched would make the transaction fail.
      await redis.command('SET', 'key', String(Math.random()));
      expect(await again.multi().get('key').exec()).toHaveLength(1);
      await pool.release(again);
    });

    test.each<[string, (client: Redis) => unknown]>([
      ['subscribed', (client) => client.subscribe('channel')],
      ['blocked', (client) => void client.blpop('nothing', 0).catch(() => {})],
      ['with another name', (client) => client.client('SETNAME', 'mine')],
      ['as another user', (client) => client.auth(server.password)],
      [
        'having chosen a database in a transaction',
        async (client) => {
          await client.select(3);
          await client.multi({ pipeline: false });
          await client.select(0);
        },
      ],
    ])('one given back %s is closed', async (_, borrow) => {
      const pool = poolOf();
      const first = await pool.acquire();
      await borrow(first);
      await pool.release(first);
      const second = await pool.acquire();
      expect(second).not.toBe(first);
      expect(await second.client('INFO')).toMatch(/ name= .* db=0 sub=0 /);
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

    test.each<[string, RedisOptions, RegExp]>([
      ['a wrong password', { password: 'wrong' }, /^WRONGPASS/],
      ['no password', { password: '' }, /^NOAUTH/],
      ['no such database', { db: 4711 }, /^ERR DB index is out of range/],
    ])('%s: told at once', async (_, options, message) => {
      const { outcome, millis } = await timed(poolOf(options).acquire());
      expect(outcome).toMatchObject({ reason: { name: 'ReplyError', message: expect.stringMatching(message) } });
      expect(millis).toBeLessThan(1000);
      expect(print(outcome, { depth: 9 })).not.toContain("'wrong'");
    });

    test('a certificate that is not trusted, options that can’t be used: told at once', async () => {
      const untrusted = poolOf({ port: redis.tlsPort ?? 0, tls: {} });
      await expect(untrusted.acquire()).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
      const nameless = poolOf({ sentinels: [{ host: '127.0.0.1', port: 1 }] });
      await expect(nameless.acquire()).rejects.toThrow('Requires the name of master.');
    });

    test('a full server: who waits goes on waiting, and is served when there is room', async () => {
      const full = await startServer({ settings: { maxclients: '1' } });
      const place = { host: full.host, port: full.port, password: full.password };
      const taker = mine(new Redis(place));
      await taker.ping();
      const refused = poolOf(place, { acquireTimeoutMillis: 700 });
      const error = await refused.acquire().catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'ERR_POOL_ACQUIRE_TIMEOUT' });
      expect(String((error as Error).cause)).toMatch(/max number of clients|ECONNRESET|EPIPE/);
      expect(print(error, { depth: 9 })).not.toContain(full.password);
      const patient = poolOf(place).acquire();
      taker.disconnect();
      expect(await (await patient).ping()).toBe('PONG');
    });

    test('a server that loads its data: who waits is served when it has', async () => {
      const slow = await startLoadingServer();
      const place = { host: slow.host, port: slow.port, password: slow.password };
      const client = mine(new Redis({ ...place, enableReadyCheck: false }));
      await expect(client.get('key4000')).rejects.toThrow(/^LOADING/);
      expect(await poolOf(place).use((each) => each.get('key4000'))).toBe('4000');
    });

    test('a connection to a server that has become a replica is not lent again', async () => {
      const demoted = await startServer();
      const pool = poolOf({ host: demoted.host, port: demoted.port, password: demoted.password });
      await pool.use((client) => client.set('key', 'value'));
      await demoted.command('REPLICAOF', server.host, String(server.port));
      await expect(pool.use((client) => client.set('key', 'value'))).rejects.toThrow(/^READONLY/);
      expect(pool.stats().evicted).toEqual({ 'released-with-error': 1 });
    });

    test('an ordinary refusal does not cost the connection', async () => {
      const pool = poolOf();
      await expect(pool.use((client) => client.call('NONSENSE'))).rejects.toThrow(/^ERR unknown command/);
      expect(pool.available).toBe(1);
    });
  });
});

describe.skipIf(!possible)('several servers', () => {
  test('Sentinels: sockets to them and to the master are hardened, also in a pool; a failover is followed', async () => {
    const { master, replica, sentinels } = await startWatchedServers();
    const options = {
      sentinels,
      name: 'mymaster',
      password: master.password,
      failoverDetector: true,
    };
    const sockets = watchSockets();
    const client = mine(createClient({ ...options, tcp: TCP }));
    const pool = createPool(redisFactory({ ...options, failoverDetector: false }), { logger, tcp: TCP });
    onTestFinished(() => pool.close());
    await client.set('key', 'value');
    await pool.use((each) => each.set('key', 'value'));
    // Two to the master, and three that listen to the Sentinels.
    await vi.waitFor(() => expect(openOptions(sockets)).toEqual(Array(5).fill(TCP)), { timeout: 5000 });

    await master.kill();
    await vi.waitFor(() => client.set('key', 'value'), { timeout: 15_000, interval: 100 });
    expect((client.stream as { remotePort?: number }).remotePort).toBe(replica.port);
    await pool.use((each) => each.set('key', 'value'));
  });

  test('Cluster: sockets to all nodes are hardened, and to whichever it subscribes', async () => {
    const nodes = await startCluster('secret');
    const places = nodes.map(({ host, port }) => ({ host, port }));
    const sockets = watchSockets();
    const cluster = mine(createCluster(places, { redisOptions: { password: 'secret' }, tcp: TCP }));
    expect(cluster).toBeInstanceOf(Cluster);
    await Promise.all(['a', 'b', 'c'].map((key) => cluster.set(key, 'value')));
    await cluster.subscribe('channel');
    await vi.waitFor(() => expect(openOptions(sockets)).toEqual(Array(4).fill(TCP)));
    const copy = mine(cluster.duplicate());
    await copy.subscribe('channel');
    for (const options of openOptions(sockets)) expect(options).toEqual(TCP);
    const heard = once(cluster, 'message');
    await nodes[0]?.restart();
    await vi.waitFor(() => cluster.set('a', 'value'), { timeout: 10_000, interval: 100 });
    await vi.waitFor(
      async () => {
        await nodes[1]?.command('PUBLISH', 'channel', 'hello');
        expect(await Promise.race([heard, 'nothing'])).not.toBe('nothing');
      },
      { timeout: 10_000, interval: 50 },
    );
    for (const options of openOptions(sockets)) expect(options).toEqual(TCP);
  });
});
