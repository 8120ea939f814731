import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Lab } from '@lifeguard/lab';
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest';
import type { Snapshot } from '../../packages/cli/src/index.js';
import { run, start, startOnTerminal } from './command.js';
import { need } from './need.js';

const POOLS = new URL('./pools.fixture.mjs', import.meta.url);
const CONNECTIONS = new URL('./connections.fixture.mjs', import.meta.url);
const NOT_LINUX = process.platform === 'linux' ? undefined : 'watch needs Linux';

let noLab: string | undefined;
const server = net.createServer((socket) => socket.on('error', () => {}));
beforeAll(async () => {
  noLab = await Lab.available();
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  server.close();
});

/** A process with that many connections to this one, and one that this one has made to it. */
async function startClient(count: number): Promise<ChildProcess & { readonly pid: number }> {
  const { port } = server.address() as AddressInfo;
  const child = fork(CONNECTIONS, Array<string>(count).fill(`127.0.0.1:${port}`)) as ChildProcess & { pid: number };
  children.add(child);
  const [{ port: own }] = (await once(child, 'message')) as [{ port: number }];
  const visitor = net.connect(own, '127.0.0.1').on('error', () => {});
  await once(visitor, 'connect');
  return child;
}

/** A process with two connections of the pool `orders`, one of `sessions`, one of `reports` in a worker thread, one of none. */
async function startPools(): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const child = fork(POOLS, [String(port)]) as ChildProcess & { pid: number };
  children.add(child);
  await once(child, 'message');
  return child.pid;
}

async function snapshotOf(pid: number): Promise<Snapshot> {
  const { status, stdout, stderr } = await run(['watch', '--json', String(pid)]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Snapshot;
}

describe.concurrent('lifeguard watch', () => {
  it('shows the sockets that the process has connected, not those that it has accepted', async (context: TestContext) => {
    need(context, NOT_LINUX);
    const { port } = server.address() as AddressInfo;
    const { pid } = await startClient(2);
    const { sockets, ...about } = await snapshotOf(pid);
    expect(about).toEqual({ pid, name: 'node', at: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(sockets).toHaveLength(2);
    for (const socket of sockets) {
      expect(socket).toMatchObject({
        peer: `127.0.0.1:${port}`,
        pool: null,
        state: 'ESTABLISHED',
        verdict: 'alive',
        unacked: 0,
        retransmits: 0,
        probes: 0,
        keepAlive: true,
        timer: { name: 'keepalive' },
      });
      expect(socket.timer?.millis).toBeLessThanOrEqual(1100);
    }
  });

  it('names the pools of the process, those of its worker threads included', async (context: TestContext) => {
    need(context, NOT_LINUX);
    const pid = await startPools();
    const expected = [null, 'orders', 'orders', 'reports', 'sessions'];
    const poolsOf = ({ sockets }: Snapshot) => sockets.map(({ pool }) => pool).sort();
    // The names come a tenth of a second after the connections.
    const deadline = performance.now() + 10_000;
    let pools = poolsOf(await snapshotOf(pid));
    while (!isDeepStrictEqual(pools, expected) && performance.now() < deadline) pools = poolsOf(await snapshotOf(pid));
    expect(pools).toEqual(expected);
    const { stdout } = await run(['watch', '--once', String(pid)]);
    expect(stdout).toMatch(/^verdict +peer +pool +state /m);
    expect(stdout).toMatch(/^alive +127\.0\.0\.1:\d+ +sessions +ESTABLISHED /m);
  });

  it('prints the same as a table, once', async (context: TestContext) => {
    need(context, NOT_LINUX);
    const { pid } = await startClient(1);
    const { status, stdout } = await run(['watch', '--once', String(pid)]);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^node \\(${pid}\\): 1 client connection, 0 suspect, `));
    expect(stdout).toMatch(/^alive +127\.0\.0\.1:\d+ +ESTABLISHED .* keepalive in /m);
  });

  it('shows them again and again, and ends with the process', async (context: TestContext) => {
    need(context, NOT_LINUX);
    const client = await startClient(1);
    const command = start(['watch', String(client.pid), '--interval', '100ms']);
    const exited = once(command, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface(command.stdout)) {
      lines.push(line);
      if (lines.filter((one) => one.includes('1 client connection')).length === 3) client.kill('SIGKILL');
    }
    expect(await exited).toEqual([0, null]);
    expect(lines.at(-1)).toBe(`process ${client.pid} has ended`);
  });

  it('ends with 130 on Ctrl-C on a terminal', async (context: TestContext) => {
    need(context, NOT_LINUX);
    const { pid } = await startClient(1);
    const command = startOnTerminal(['watch', String(pid), '--interval', '100ms']);
    let text = '';
    for await (const chunk of command.stdout) {
      if (!text.includes('ESTABLISHED') && String(chunk).includes('ESTABLISHED')) command.stdin.write('\x03');
      text += chunk;
    }
    expect(text).toContain('ended with 130');
  });

  it('ends without a word when nobody reads any more, as after `| head`', async (context: TestContext) => {
    need(context, NOT_LINUX);
    const { pid } = await startClient(1);
    const command = start(['watch', String(pid), '--interval', '100ms']);
    const ended = Promise.all([once(command, 'exit'), text(command.stderr)]);
    await once(command.stdout, 'data');
    command.stdout.destroy();
    expect(await ended).toEqual([[141, null], '']);
  });

  it('ends at once on SIGTERM, though ss does not answer', async (context: TestContext) => {
    need(context, NOT_LINUX);
    const folder = await mkdtemp(join(tmpdir(), 'lifeguard-watch-'));
    context.onTestFinished(() => rm(folder, { recursive: true }));
    const pipe = join(folder, 'started');
    execFileSync('mkfifo', [pipe]);
    await writeFile(join(folder, 'ss'), `#!/bin/sh\necho > ${pipe}\nexec sleep 60\n`, { mode: 0o755 });
    const command = start(['watch', String(process.pid)], { env: { PATH: `${folder}:${process.env['PATH']}` } });
    await readFile(pipe);
    command.kill('SIGTERM');
    expect(await once(command, 'exit')).toEqual([130, null]);
  }, 20_000);

  it('takes a process for ended that its parent has not taken leave of, also as an ordinary user', async (context: TestContext) => {
    need(context, NOT_LINUX);
    // What the shell becomes asks after no child.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.add(parent);
    const pid = Number.parseInt(String((await once(parent.stdout, 'data'))[0]), 10);
    await vi.waitFor(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'latin1')).toBe('sleep\n'));
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain(') Z '));
    const ended = { status: 1, stdout: '', stderr: `lifeguard: there is no process ${pid}\n` };
    const ordinary = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
    expect(await run(['watch', '--once', String(pid)], { within: ordinary })).toEqual(ended);
  });

  it('shows first, in another network, the connection whose peer is silent', async (context: TestContext) => {
    need(context, noLab);
    await using lab = await Lab.create();
    const [app, one, two] = await Promise.all([lab.host('app'), lab.host('one'), lab.host('two')]);
    const servers = await Promise.all([one.node(CONNECTIONS), two.node(CONNECTIONS)]);
    const ports = await Promise.all(servers.map(async ({ messages }) => (await once(messages, 'message'))[0].port));
    const lost = `${two.address}:${ports[1]}`;
    const client = await app.node(
      CONNECTIONS,
      [`${one.address}:${ports[0]}`, lost, `[${one.address6}]:${ports[0]}`].map(bare),
    );
    await once(client.messages, 'message');
    expect((await snapshotOf(client.pid)).sockets.map(({ verdict }) => verdict)).toEqual(['alive', 'alive', 'alive']);

    await lab.cable('app', 'two').cut();
    // A probe after one second of silence, another after two; the kernel announces neither.
    const deadline = performance.now() + 20_000;
    let snapshot = await snapshotOf(client.pid);
    while (snapshot.sockets[0]?.verdict !== 'suspect' && performance.now() < deadline) {
      await delay(100);
      snapshot = await snapshotOf(client.pid);
    }
    expect(snapshot.sockets.map(({ peer, verdict }) => [peer, verdict])).toEqual([
      [lost, 'suspect'],
      [expect.stringContaining(`:${ports[0]}`), 'alive'],
      [expect.stringContaining(`:${ports[0]}`), 'alive'],
    ]);
    expect(snapshot.sockets[0]?.probes).toBeGreaterThanOrEqual(2);
    expect(snapshot.sockets[0]?.silentMillis).toBeGreaterThan(1000);
  });

  it('says in one line that there is no such process, and ends with 1', async (context: TestContext) => {
    need(context, NOT_LINUX);
    expect(await run(['watch', '4194305'])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'lifeguard: there is no process 4194305\n',
    });
  });

  it('says what to install where there is no ss, and ends with 1', async (context: TestContext) => {
    need(context, NOT_LINUX ?? noLab);
    const { status, stdout, stderr } = await run(['watch', '--once'], { within: WITHOUT_SS });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe("lifeguard: the command ss can't be run: install the package iproute2\n");
  });

  it('says what to do where the process is another user’s, and ends with 1', async (context: TestContext) => {
    need(context, NOT_LINUX ?? (process.getuid?.() === 0 ? undefined : 'only root can become another user'));
    const other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const { status, stdout, stderr } = await run(['watch', '--once', String(process.pid)], { within: other });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      /^lifeguard: the kernel does not show process \d+ to this user: run this as its user or as root.*\n$/,
    );
  });

  it.each([
    [['watch'], 'pid'],
    [['watch', '0'], 'Allowed: the number of a process'],
    [['watch', 'node'], 'Allowed: the number of a process'],
    [['watch', '1', '--interval', '1ms'], 'Allowed: a duration from 100ms to 1h'],
    [['watch', '1', '--interval', ''], 'Allowed: a duration from 100ms to 1h'],
    [['watch', '1', '2'], 'too many arguments'],
  ])('refuses %j in one line, and ends with 2', async (args, word) => {
    const { status, stdout, stderr } = await run(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(word)]);
  });
});

/** In its place, in a mount namespace of its own, is what can't be executed. The command is given its own pid to watch. */
const WITHOUT_SS = [
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
  'sh',
  '-ec',
  'for folder in /usr/sbin /usr/bin /sbin /bin; do ' +
    'if [ -e $folder/ss ]; then mount --bind /dev/null $folder/ss; fi; done; exec "$@" $$',
  'sh',
];

/** As Node.js takes it. */
function bare(target: string): string {
  return target.replace(/[[\]]/g, '');
}
