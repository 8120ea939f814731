import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  type Host,
  Lab,
  LabUnavailableError,
  startMariaDb,
  startNats,
  startNginx,
  startPostgres,
  startRabbitMq,
  startRedis,
} from '@lifeguard/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { need } from '../cli/need.js';
import { read } from '../docs/pages.js';
import { clientSocketsOf, type SocketOptions } from '../drivers/foreign-sockets.js';
import { packAll } from './packs.js';
import { PackRegistry } from './registry.js';

// A newcomer who has nothing but docs/start.md, an empty folder and a server.

const HALT = new URL('halt.mjs', import.meta.url).href;
const HEALTH_SERVER = fileURLToPath(new URL('health-server.mjs', import.meta.url));

const LOOK_EVERY_MILLIS = 20;

/** The defaults, in seconds, but for the user timeout. */
const HARDENED: SocketOptions = { keepAlive: 1, idle: 5, interval: 1, count: 3, userTimeout: 10_000 };

/** What the variables that the page names are set to, by section. */
type Servers = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a newcomer does: he installs, and runs. */
interface Step {
  readonly section: string;
  readonly install: string;
  readonly program: string;
}

const page = read('docs/start.md');
const steps = page.split(/^## /m).flatMap(stepsOf);

function stepsOf(part: string): Step[] {
  const [section = ''] = part.split('\n', 1);
  const blocks = part.matchAll(/^```sh\n(npm install [^\n]*)\n```$.*?^```js\n(.*?)^```$/gms);
  return Array.from(blocks, ([, install = '', program = '']) => ({ section, install, program }));
}

/** What its comments say that a program prints. */
function promisedBy(program: string): string {
  return Array.from(program.matchAll(/console\.log\(.*\/\/ (.*)$/gm), ([, output]) => `${output}\n`).join('');
}

let folder: string;
let registry: PackRegistry;
let lab: Lab | undefined;
let app: Host;
let servers: Servers;
let missing: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeguard-start-'));
  const packs = join(folder, 'packs');
  await mkdir(packs);
  try {
    lab = await Lab.create();
    app = await lab.host('app');
    const [files, found] = await Promise.all([packAll(packs), startServers(await lab.host('db'))]);
    registry = await PackRegistry.of(packs, files);
    servers = found;
  } catch (error) {
    if (!(error instanceof LabUnavailableError)) throw error;
    missing = error.message;
  }
});

afterAll(async () => {
  await lab?.close();
  await registry?.close();
  await rm(folder, { recursive: true, force: true });
});

async function startServers(host: Host): Promise<Servers> {
  const [postgres, mariadb, redis, rabbitMq, nats, nginx, grpcAddress] = await Promise.all([
    startPostgres(host),
    startMariaDb(host),
    startRedis(host, { password: '' }),
    startRabbitMq(host),
    // Like one that has just been installed, it asks nobody for a password.
    startNats(host, {
      settings: { authorization: '{ users: [{ user: anybody, password: "" }] }', no_auth_user: 'anybody' },
    }),
    startNginx(host, { tls: true }),
    startHealthServer(host),
  ]);
  const authority = join(folder, 'authority.pem');
  await writeFile(authority, nginx.ca ?? '');
  const REDIS_URL = `redis://${redis.host}`;
  return {
    'No code at all': { DATABASE_URL: postgres.connectionString },
    pg: { DATABASE_URL: postgres.connectionString },
    mysql2: { DATABASE_URL: mariadb.connectionString },
    mariadb: { DATABASE_URL: mariadb.connectionString.replace('mysql:', 'mariadb:') },
    ioredis: { REDIS_URL },
    redis: { REDIS_URL },
    grpc: { GRPC_SERVER: grpcAddress },
    'http and fetch': { SERVICE_URL: `https://${nginx.host}:${nginx.tlsPort}/`, NODE_EXTRA_CA_CERTS: authority },
    amqplib: { AMQP_URL: rabbitMq.url },
    nats: { NATS_SERVER: nats.host },
    'net and tls': { REDIS_HOST: redis.host },
    'A factory of your own': { REDIS_HOST: redis.host },
  };
}

async function startHealthServer(host: Host): Promise<string> {
  const address = `${host.address}:50051`;
  const program = await host.node(HEALTH_SERVER, [address], { stdio: ['ignore', 'inherit', 'inherit'] });
  await once(program.messages, 'message');
  return address;
}

test('the page has every way in', async () => {
  const adapters = await readdir(new URL('../../packages/adapters', import.meta.url));
  const installed = steps.map(({ install }) => install.split(' ')[2]);
  expect(installed.toSorted()).toEqual(
    [...adapters, 'http', 'pool'].map((adapter) => `@lifeguard/${adapter}`).toSorted(),
  );
});

const named = steps.map((step) => [`${step.section}: ${step.install}`, step] as const);
test.for(named)('%s', async ([, { section, install, program }], context) => {
  need(context, missing);
  const project = await newProject();
  await run(install, project);
  await writeFile(join(project, 'app.mjs'), program);
  const { stdout, stderr, code, sockets } = await runIn(project, 'node app.mjs', {
    ...servers[section],
    NODE_OPTIONS: `--import ${HALT}`,
  });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout).toBe(promisedBy(program));
  expect(sockets.length).toBeGreaterThan(0);
  expect(sockets).toEqual(sockets.map(() => HARDENED));
});

test('no code at all', async (context) => {
  need(context, missing);
  const [section = ''] = page.split('## No code at all\n')[1]?.split('\n## ') ?? [];
  const [, install = '', start = ''] = /^```sh\n(npm install [^\n]*)\n([^\n]*)\n```$/m.exec(section) ?? [];
  const ofPg = steps.find((step) => step.section === 'pg')?.program ?? '';
  const program = ofPg.replace(/'@lifeguard\/pg'; \/\/ was: ('pg')/, '$1;');
  expect(program).not.toContain('lifeguard');

  const project = await newProject();
  const scripts = { start: `node --import ${HALT} app.mjs` };
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, scripts }));
  await writeFile(join(project, 'app.mjs'), program);
  await run('npm install pg', project);
  await run(install, project);
  const { stdout, stderr, code, sockets } = await runIn(project, start, servers['No code at all'] ?? {});
  expect(code).toBe(0);
  expect(stdout).toContain(promisedBy(program));
  // npm's, and the program's.
  expect(stderr.match(/^lifeguard: hardening TCP connections to every host/gm)).toHaveLength(2);
  expect(sockets).toEqual([HARDENED]);
});

/** An empty folder, but for what says where npm finds our packages. */
async function newProject(): Promise<string> {
  const project = await mkdtemp(join(folder, 'project-'));
  const settings = { '@lifeguard:registry': registry.url, audit: false, fund: false, 'prefer-offline': true };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(project, '.npmrc'), lines.join(''));
  return project;
}

/** Runs a command line as it stands on the page. */
async function run(command: string, cwd: string): Promise<void> {
  await promisify(execFile)('sh', ['-c', command], { cwd });
}

/** Runs a command line on the host `app`, and looks at the sockets of its program whenever that has halted. */
async function runIn(cwd: string, command: string, env: Readonly<Record<string, string>>) {
  const shell = await app.spawn('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = new Map<string, SocketOptions>();
  const ended = Promise.all([text(shell.stdout), text(shell.stderr), shell.exited]);
  while (shell.running) {
    for (const pid of await haltedIn(shell.pid)) {
      for (const { inode, options } of clientSocketsOf(pid)) seen.set(inode, options);
      process.kill(pid, 'SIGCONT');
    }
    await Promise.race([ended, delay(LOOK_EVERY_MILLIS)]);
  }
  const [stdout, stderr, { code }] = await ended;
  return { stdout, stderr, code, sockets: [...seen.values()] };
}

/** Those that have halted: a process, and what it has started, and what that has. */
async function haltedIn(pid: number): Promise<number[]> {
  // It may end meanwhile.
  const facts = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const [stat, children] = await Promise.all([facts('stat'), facts(`task/${pid}/children`)]);
  const below = await Promise.all(children.split(' ').filter(Boolean).map(Number).map(haltedIn));
  return [...(/\) T /.test(stat) ? [pid] : []), ...below.flat()];
}
