import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Lab, type NodeProcess, startMariaDb, startPostgres, startRedis } from '@lifeguard/lab';
import { describe, expect, test } from 'vitest';
import { DRIVERS } from './drivers.js';
import type { NodeReport } from './report.js';
import type { DriverOutcome } from './run.js';

const COMMAND = fileURLToPath(new URL('./dist/main.js', import.meta.url));
const UNTOUCHED = new URL('./untouched.mjs', import.meta.url);
const REGISTER = fileURLToPath(import.meta.resolve('@lifeguard/register'));
const DOCUMENT = new URL('../../docs/drivers.md', import.meta.url);
const ANOTHER_NODE = '24';
/** The command's exit status when npm can't bring that. */
const NO_NODE = 4;

const SHORT_LIMIT_SECONDS = 3.5;
const CUT_MILLIS = 30_000;
const LIMIT_MILLIS = 11_500;
/** What a busy machine may add to either. */
const NOISE_MILLIS = 1500;
const STOCK = ['pg.Pool', 'mysql2', 'ioredis', 'knex'];

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: drivers under @lifeguard/register, because ${unavailable}`);
const inCi = process.env['CI'] === 'true';

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function drivers(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { status, stdout, stderr };
}

describe.skipIf(unavailable !== undefined && !inCi)('in the lab', () => {
  test.concurrent('every socket of every driver is hardened, and every caller is told of a silent drop in time', async () => {
    for (const { node, drivers } of await reports()) {
      expect(drivers.map(({ driver }) => driver)).toEqual(DRIVERS.map(({ name }) => name));
      for (const outcome of drivers) expectGood(`${outcome.driver} on Node.js ${node}`, outcome);
    }
  });

  test.concurrent('the table tells of what is not hardened, and of who is not told', async () => {
    const env = { LIFEGUARD_ENABLED: 'off' };
    const { status, stdout, stderr } = await drivers(['--short', '--json', '--only', 'pg,mqtt'], env);
    expect(status, stderr).toBe(1);
    const [report] = JSON.parse(stdout) as NodeReport[];
    expect(report?.drivers).toMatchObject([
      {
        driver: 'pg',
        sockets: 1,
        hardened: 0,
        others: [{ keepAlive: 0, userTimeout: 0 }],
        silentDrop: { errorAfterSeconds: null, isInTime: false },
      },
      { driver: 'mqtt', sockets: 1, hardened: 0, silentDrop: null },
    ]);
  });

  test.concurrent('one variable, and the callers of stock pools are told within 11.5 s of a silent drop; without it they hang', async () => {
    await using lab = await Lab.create();
    const [app, db] = [await lab.host('app'), await lab.host('db')];
    const [postgres, mariadb, redis] = await Promise.all([startPostgres(db), startMariaDb(db), startRedis(db)]);
    const servers = JSON.stringify({
      postgres: { url: postgres.connectionString },
      mariadb: pick(mariadb, 'host', 'port', 'user', 'password', 'database'),
      redis: pick(redis, 'host', 'port', 'password'),
    });
    const start = (env: Readonly<Record<string, string>>) =>
      // What knex has to say of lost connections goes to stdout.
      app.node(UNTOUCHED, [servers], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const withIt = await start({ NODE_OPTIONS: `--import ${REGISTER}`, LIFEGUARD_LOG_LEVEL: 'warn' });
    const without = await start({ NODE_OPTIONS: '' });
    const both = [withIt, without];
    await Promise.all(both.map((program) => hear(program)));

    await lab.cable('app', 'db').cut();
    await Promise.all(both.map((program) => program.send('cut')));
    await delay(CUT_MILLIS);
    await lab.cable('app', 'db').heal();
    const told = both.map((program) => hear<{ waiting: Outcomes; calling: Outcomes }>(program));
    await Promise.all(both.map((program) => program.send('heal')));
    const [hardened, stock] = await Promise.all(told);

    for (const outcomes of [hardened?.waiting, hardened?.calling]) expectTold(outcomes);
    for (const outcomes of [stock?.waiting, stock?.calling]) expect(outcomes).toEqual(ofEach({ result: 'hangs' }));
    expect(await hear(withIt)).toEqual(ofEach('answered'));
  });
});

test('the table in the documentation has every driver, and no other', async () => {
  const lines = (await readFile(DOCUMENT, 'utf8')).split('\n').filter((line) => line.startsWith('| '));
  const names = lines.map((line) => line.split('|')[1]?.trim() ?? '').filter((name) => !/^-+$/.test(name));
  expect(names.slice(names.indexOf('driver') + 1)).toEqual(DRIVERS.map(({ name }) => name));
});

test('--help says what is shown, and what the options are', async () => {
  const { status, stdout } = await drivers(['--help']);
  expect(status).toBe(0);
  for (const option of ['--only', '--node', '--short', '--json']) expect(stdout).toContain(option);
});

test.each([
  ['--only', 'everything'],
  ['--node', 'newest'],
  ['--quickly', ''],
  ['pg', ''],
])('%s %s: refused, before anything is started', async (...args) => {
  const { status, stdout } = await drivers(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});

/** Of the Node.js that runs this, and of another. */
async function reports(): Promise<readonly NodeReport[]> {
  const args = ['--short', '--json'];
  const both = await drivers([...args, '--node', `${process.versions.node},${ANOTHER_NODE}`]);
  const { status, stdout, stderr } = both.status === NO_NODE && !inCi ? await onlyOne(both, args) : both;
  expect(status, stderr).not.toBe(NO_NODE);
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as NodeReport[];
}

function onlyOne({ stderr }: Ran, args: readonly string[]): Promise<Ran> {
  console.warn(`left out: drivers on another Node.js, because ${stderr}`);
  return drivers(args);
}

function expectGood(name: string, { sockets, hardened, others, server, silentDrop, problem }: DriverOutcome): void {
  expect(problem, name).toBeUndefined();
  expect(sockets, name).toBeGreaterThan(0);
  expect(hardened, `${name}: ${JSON.stringify(others)}`).toBe(sockets);
  if (server === 'listener') return;
  expect(silentDrop?.errorAfterSeconds ?? Number.NaN, `${name}: ${silentDrop?.errors}`).toBeLessThan(
    SHORT_LIMIT_SECONDS + NOISE_MILLIS / 1000,
  );
}

interface Outcome {
  readonly result: string;
  readonly afterMillis?: number;
}
/** By driver. */
type Outcomes = Readonly<Record<string, Outcome>>;

function expectTold(outcomes: Outcomes = {}): void {
  expect(Object.keys(outcomes)).toEqual(STOCK);
  for (const [name, { result, afterMillis }] of Object.entries(outcomes)) {
    expect(['ETIMEDOUT', 'MaxRetriesPerRequestError'], name).toContain(result);
    expect(afterMillis, name).toBeLessThan(LIMIT_MILLIS + NOISE_MILLIS);
  }
}

function ofEach<T>(value: T): Record<string, T> {
  return Object.fromEntries(STOCK.map((name) => [name, value]));
}

async function hear<M>(program: NodeProcess): Promise<M> {
  const ended = program.exited.then((exit) => {
    throw new Error(`a program ended early: ${JSON.stringify(exit)}`);
  });
  const [message] = await Promise.race([once(program.messages, 'message'), ended]);
  return message as M;
}

function pick<T, K extends keyof T>(object: T, ...names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, object[name]])) as Pick<T, K>;
}
