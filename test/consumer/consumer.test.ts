import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packAll, root } from './packs.js';

const run = promisify(execFile);
/** What every package is used for below. */
const USES: Readonly<Record<string, string>> = {
  '@lifeguard/tcp': 'harden',
  '@lifeguard/tcp/settings': 'resolveSettings',
  '@lifeguard/tcp/client': 'giveUpOnSilence',
  '@lifeguard/tcp/labels': 'label',
  '@lifeguard/pool': 'createPool',
  '@lifeguard/pool/client': 'resolveClient',
  '@lifeguard/pool/testing': 'conformance',
  '@lifeguard/pg': 'Pool',
  '@lifeguard/mysql2': 'createPool',
  '@lifeguard/mysql2/promise': 'createPool',
  '@lifeguard/mariadb': 'createPool',
  '@lifeguard/mariadb/callback': 'createPool',
  '@lifeguard/ioredis': 'createClient',
  '@lifeguard/redis': 'createClient',
  '@lifeguard/net': 'netFactory',
  '@lifeguard/grpc': 'grpcFactory',
  '@lifeguard/http': 'Agent',
  '@lifeguard/amqplib': 'createChannelPool',
  '@lifeguard/amqplib/callback_api': 'connect',
  '@lifeguard/nats': 'connect',
  '@lifeguard/nats/v2': 'connect',
  '@lifeguard/register/guard': 'guard',
  '@lifeguard/otel': 'observeAllPools',
  '@lifeguard/register/settings': 'resolveRegisterSettings',
  '@lifeguard/status': 'statusPage',
  '@lifeguard/lab': 'Lab',
};

const ALL_FUNCTIONS = Object.keys(USES)
  .map(() => 'function')
  .join();

let folder: string;

/** Packs every package as it would be published, and installs the packs with npm into an empty folder. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeguard-consumer-'));
  const packs = (await packAll(folder)).map((file) => `./${file}`);
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const needed = [
    'pg@8',
    '@grpc/grpc-js@1',
    'mysql2@3',
    'mariadb@3',
    'ioredis@5',
    'redis@5',
    'amqplib@2',
    '@nats-io/transport-node@3',
    'nats@2',
    '@opentelemetry/api@1',
    '@types/pg@8',
    '@types/node@20',
  ];
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packs, ...needed], { cwd: folder });
}, 240_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function runFile(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  const { stdout } = await run(process.execPath, [name], { cwd: folder });
  return stdout;
}

test('every package is imported from an ES module', async () => {
  const lines = Object.entries(USES).map(([name, use], index) => `import { ${use} as use${index} } from '${name}';`);
  const uses = Object.keys(USES).map((_, index) => `typeof use${index}`);
  const said = await runFile('esm.mjs', `${lines.join('\n')}\nconsole.log([${uses}].join());\n`);
  expect(said.trim()).toBe(ALL_FUNCTIONS);
});

test('every package is required from CommonJS', async () => {
  const uses = Object.entries(USES).map(([name, use]) => `typeof require('${name}').${use}`);
  const said = await runFile('cjs.cjs', `console.log([${uses}].join());\n`);
  expect(said.trim()).toBe(ALL_FUNCTIONS);
});

test('a pool made from CommonJS lends a connection whose socket is hardened', async () => {
  const said = await runFile(
    'pool.cjs',
    `const net = require('node:net');
     const { once } = require('node:events');
     const { createPool } = require('@lifeguard/pool');
     const { inspect } = require('@lifeguard/tcp');
     const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1', async () => {
       const pool = createPool({
         create: async () => {
           const socket = net.connect(server.address().port, '127.0.0.1');
           await once(socket, 'connect');
           return socket;
         },
         destroy: (socket) => socket.destroy(),
       });
       await pool.use((socket) => console.log(inspect(socket)?.options.userTimeoutMillis ?? process.platform));
       await pool.close();
       server.close();
     });`,
  );
  expect(said.trim()).toBe(process.platform === 'linux' ? '10000' : process.platform);
});

test('the status page has all its parts', async () => {
  const said = await runFile(
    'status.mjs',
    `import { statusPage } from '@lifeguard/status';
     const html = await statusPage().fetch(new Request('http://localhost/')).text();
     console.log(html.includes('uPlot'), html.includes('EventSource'), html.includes('--ground'));`,
  );
  expect(said.trim()).toBe('true true true');
});

test('the types hold under strict settings', async () => {
  await writeFile(
    join(folder, 'types.ts'),
    `import { Lab, startPostgres } from '@lifeguard/lab';
     import { createPool as createMariaDbPool } from '@lifeguard/mariadb';
     import { createPool as createMysqlPool, type RowDataPacket } from '@lifeguard/mysql2/promise';
     import { observeAllPools, observePool } from '@lifeguard/otel';
     import { Pool, pgFactory } from '@lifeguard/pg';
     import { createClient, createCluster, redisFactory } from '@lifeguard/ioredis';
     import { createPool, type EvictReason, type Factory, type Pool as AnyPool } from '@lifeguard/pool';
     import { harden, inspect, verdict } from '@lifeguard/tcp';
     import { type StatusReport, statusPage } from '@lifeguard/status';
     import http from 'node:http';
     import net from 'node:net';
     import { Cluster, Redis } from 'ioredis';
     import { createClient as createGrpcClient, grpcFactory } from '@lifeguard/grpc';
     import * as grpc from '@grpc/grpc-js';
     import * as ours from '@lifeguard/redis';
     import * as theirs from 'redis';
     import { connect as connectAmqp, createChannelPool, channelFactory } from '@lifeguard/amqplib';
     import type { Channel, ChannelModel, ConfirmChannel, RecoveringChannelModel } from 'amqplib';
     import pg from 'pg';

     const factory: Factory<net.Socket> = { create: () => net.connect(1), destroy: (socket) => socket.destroy() };
     const pool: AnyPool<net.Socket> = createPool(factory, { max: 3, tcp: { userTimeoutMillis: 5000 } });
     pool.on('evict', (socket, reason) => {
       const why: EvictReason = reason;
       const known: 'alive' | 'suspect' | 'dead' | 'unknown' = verdict(socket);
       console.log(why, known, inspect(socket)?.peer, harden(socket).effective.userTimeoutMillis);
     });
     export const unobserve: (() => void)[] = [observePool(pool, { name: 'mine' }), observeAllPools()];
     // @ts-expect-error: there is no such event
     pool.on('evicted', () => {});
     const asPg: pg.Pool = new Pool({ connectionString: 'postgres://localhost/x', tcp: { keepAliveCount: 3 } });
     const clients: AnyPool<pg.Client> = createPool(pgFactory({ host: 'localhost' }));
     const redis: Redis = createClient('redis://localhost', { db: 1, tcp: { keepAliveCount: 3 } });
     const cluster: Cluster = createCluster([{ host: 'localhost' }], { scaleReads: 'slave' });
     const connections: AnyPool<Redis> = createPool(redisFactory({ db: 1 }));
     const typed = theirs.createClient({ url: 'redis://localhost', RESP: 3 });
     const same: typeof typed = ours.createClient({ url: 'redis://localhost', RESP: 3, tcp: { keepAliveCount: 3 } });
     // @ts-expect-error: there is no such option
     ours.createClient({ tcp: { keepAliveCounts: 3 } });
     const value: Promise<string | null> = ours.createClient().get('key');
     const nodes = ours.createCluster({ rootNodes: [{ url: 'redis://localhost' }], tcp: {} });
     const plain: AnyPool<ours.PlainClient> = createPool(ours.redisFactory('redis://localhost'));
     export const nodeRedis = [same, value, nodes, plain];
     class Orders extends grpc.Client {}
     const trust = grpc.credentials.createInsecure();
     const orders: Orders = createGrpcClient(Orders, 'orders:50051', trust, { channels: 2, 'grpc.enable_retries': 0 });
     export const services: [Orders, AnyPool<Orders>] = [orders, createPool(grpcFactory(Orders, 'orders:50051', trust))];
     export const more = [redis, cluster, connections];
     const amqp: Promise<ChannelModel> = connectAmqp('amqp://mq', { noDelay: true, tcp: { keepAliveCount: 3 } });
     const lasting: Promise<RecoveringChannelModel> = connectAmqp('amqp://mq', { recovery: true, name: 'orders' });
     const channels: AnyPool<ConfirmChannel> = createChannelPool({ url: 'amqp://mq', confirm: true, max: 20 });
     const plainChannels: AnyPool<Channel> = createPool(channelFactory({ url: { hostname: 'mq' } }));
     export const brokers = [amqp, lasting, channels, plainChannels];
     const rows = createMysqlPool({ host: 'db', tcp: { keepAliveCount: 3 } }).query<RowDataPacket[]>('SELECT 1');
     const mariaDb = createMariaDbPool({ host: 'db', name: 'orders' }).query<{ n: number }[]>('SELECT 1 AS n');
     export const status: [http.Server, Response] = [http.createServer(statusPage()), statusPage().fetch(new Request('http://x'))];
     export const waiting = (report: StatusReport) => report.pools.map(({ now }) => now.waiting);
     export const all = [rows, mariaDb, asPg, clients, Lab.create, startPostgres];
    `,
  );
  await writeFile(
    join(folder, 'types-of-nats.ts'),
    `import { connect as connectNats } from '@lifeguard/nats';
     import { connect as connectNats2 } from '@lifeguard/nats/v2';
     import type { NatsConnection } from '@nats-io/transport-node';
     import type { NatsConnection as NatsConnection2 } from 'nats';
     export const nats: Promise<NatsConnection> = connectNats({ servers: 'nats:4222', tcp: { keepAliveCount: 3 } });
     export const nats2: Promise<NatsConnection2> = connectNats2({ servers: 'nats:4222', name: 'orders' });
     // @ts-expect-error: there is no such option
     connectNats({ tcp: { keepAliveCounts: 3 } });
    `,
  );
  const options = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  const modules = [
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,esnext.disposable',
    '--types',
    'node',
  ];
  // The types of NATS itself do not hold under these settings.
  for (const files of [['types.ts'], ['--skipLibCheck', 'types-of-nats.ts']]) {
    const compile = run(join(root, 'node_modules/.bin/tsc'), [...options, ...modules, ...files], { cwd: folder });
    await expect(compile.catch(({ stdout }) => ({ stdout }))).resolves.toMatchObject({ stdout: '' });
  }
});

test('the command line tool is installed, and says how it is used', async () => {
  const { stdout } = await run(join(folder, 'node_modules/.bin/lifeguard'), ['--help'], { cwd: folder });
  expect(stdout).toMatch(/Usage: lifeguard/);
  expect(stdout).toMatch(/blackout/);
});
