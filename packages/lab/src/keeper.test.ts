import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isRoot, noLab } from './capability.fixture.js';
import { AS_NOBODY, PACKAGE, publicCopy } from './ordinary-user.fixture.js';
import { childrenOf, state } from './proc.js';

const NAMESPACES = ['net', 'pid', 'mnt', 'ipc', 'user'];

interface Trace {
  readonly pids: number[];
  readonly namespaces: Set<string>;
}

function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
}

function namespacesOf(pid: number | 'self'): string[] {
  return NAMESPACES.flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
}

function processesIn(namespaces: ReadonlySet<string>): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  // A zombie that waits for init to reap it holds no namespace, and still has links.
  return pids.filter((pid) => state(pid) !== undefined && namespacesOf(pid).some((one) => namespaces.has(one)));
}

/** What there is of a maker: all processes that it started, whoever has adopted them since, and their namespaces. */
function trace(maker: number): Trace {
  const ours = new Set(namespacesOf('self'));
  const started = [maker, ...descendants(maker)];
  const namespaces = new Set(started.flatMap(namespacesOf).filter((namespace) => !ours.has(namespace)));
  return { pids: [...new Set([...started, ...processesIn(namespaces)])], namespaces };
}

function left({ pids, namespaces }: Trace): number[] {
  return [...new Set([...pids.filter((pid) => state(pid) !== undefined), ...processesIn(namespaces)])];
}

describe.skipIf(noLab())('a lab whose maker is killed with SIGKILL', () => {
  let maker: ChildProcess | undefined;

  afterEach(() => {
    maker?.kill('SIGKILL');
  });

  async function start(home: string, prefix: readonly string[]): Promise<Trace> {
    const program = join(home, 'src', 'maker.fixture.mjs');
    const [command = '', ...args] = [...prefix, process.execPath, program, join(home, 'dist', 'index.js')];
    maker = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
    const [line] = await Promise.race([once(maker.stdout ?? maker, 'data'), once(maker, 'exit')]);
    expect(String(line)).toMatch(/^ready/);
    const found = trace(maker.pid ?? 0);
    for (const pid of String(line).trim().split(' ').slice(1)) expect(found.pids).toContain(Number(pid));
    return found;
  }

  async function killAndSearch(found: Trace): Promise<void> {
    // Router, two hosts and a server on loopback; each with three to five namespaces, and PostgreSQL's user namespaces.
    expect(found.namespaces.size).toBeGreaterThan(12);
    expect(found.pids.length).toBeGreaterThan(25);
    maker?.kill('SIGKILL');
    await vi.waitFor(() => expect(left(found)).toEqual([]), { timeout: 10_000, interval: 20 });
  }

  it('leaves no process and no namespace behind', async () => {
    await killAndSearch(await start(PACKAGE, []));
  });

  it('leaves none behind if it was made by the root of a user namespace', async () => {
    const prefix = ['unshare', '--user', '--map-root-user', '--net', '--mount'];
    await killAndSearch(await start(PACKAGE, [...prefix, 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh']));
  });

  // Only root can become somebody else. Without root, the first test is this one.
  describe.skipIf(!isRoot)('and that was made without root', () => {
    it('leaves none behind', async () => {
      await using home = await publicCopy();
      await killAndSearch(await start(home.path, AS_NOBODY));
    });
  });
});

describe.skipIf(noLab())('a lab that nobody closes', () => {
  it('does not keep its maker from ending', async () => {
    const code = "import(process.argv[1]).then(({ Lab }) => Lab.create()).then((lab) => lab.host('a'))";
    const maker = spawn(process.execPath, ['-e', code, join(PACKAGE, 'dist', 'index.js')], { stdio: 'inherit' });
    try {
      await vi.waitFor(() => expect(maker.exitCode).toBe(0), { timeout: 10_000 });
    } finally {
      maker.kill('SIGKILL');
    }
  });
});
