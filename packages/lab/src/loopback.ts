import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp } from 'node:fs/promises';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate } from './certificate.js';
import { LabError } from './errors.js';
import { Keeper, PRIVATE_FOLDER } from './keeper.js';
import { LabProcess, launch, type SpawnOptions } from './process.js';
import { asNobody, NOBODY, type Site } from './site.js';

const ADDRESS = '127.0.0.1';
const FACTS = {
  address: ADDRESS,
  listen: ADDRESS,
  port: freePort,
  certificate: () => selfSignedCertificate(['localhost', ADDRESS]),
};

/** The machine itself, without a network of its own: for where no lab can be made, and none is needed. */
export async function loopbackSite(): Promise<Site> {
  return (await keptSite()) ?? plainSite();
}

/** Inside a keeper, like a host. Undefined where namespaces can't be had. */
async function keptSite(): Promise<Site | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    const keeper = await Keeper.start({ network: false });
    const site: Site = {
      ...FACTS,
      folder: join(PRIVATE_FOLDER, 'server'),
      spawn: (command, args, options) => launch(keeper.inside('all'), [...asNobody(), command, ...args], options),
      close: () => keeper.kill(),
    };
    if (await canRun(site)) return site;
    await site.close();
    return undefined;
  } catch (error) {
    if (error instanceof LabError) return undefined;
    throw error;
  }
}

async function canRun(site: Site): Promise<boolean> {
  const trial = await site.spawn('true', [], { stdio: 'ignore' });
  return (await trial.exited).code === 0;
}

/**
 * Ordinary processes and a temporary folder, and a watcher that ends and removes them if we are gone without having
 * done so. Tried on Linux only.
 */
export async function plainSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeguard-lab-'));
  if (isRoot()) await chown(folder, NOBODY, NOBODY);
  const watcher = watch(folder);
  return {
    ...FACTS,
    folder,
    spawn: async (command, args, options) => {
      const process = await spawnPlain(command, args, options);
      // A line is the process to watch, an empty one says that there is none.
      watcher.stdin?.write(`${process.pid}\n`);
      process.exited.then(() => watcher.stdin?.write('\n'));
      return process;
    },
    close: async () => {
      watcher.ref();
      watcher.stdin?.end();
      await once(watcher, 'exit');
    },
  };
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

// A quit makes PostgreSQL's postmaster end its children too. It must not write to the folder while that is removed.
const WATCH = `
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -CONT "$pid"; kill -QUIT "$pid"
  tries=100
  while [ $tries -gt 0 ] && kill -0 "$pid"; do sleep 0.1; tries=$((tries - 1)); done
fi
rm -rf -- "$1"
`;

function watch(folder: string): ChildProcess {
  const watcher = spawn('sh', ['-c', WATCH, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watcher.unref();
  if (watcher.stdin instanceof Socket) watcher.stdin.unref();
  // Somebody may end it before us. Then the folder stays, and that must not end us.
  watcher.stdin?.on('error', () => {});
  return watcher;
}

async function spawnPlain(
  command: string,
  args: readonly string[],
  { env, cwd = '/', stdio = 'pipe' }: SpawnOptions,
): Promise<LabProcess> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    cwd,
    stdio: typeof stdio === 'string' ? stdio : [...stdio],
    detached: true,
    ...(isRoot() && { uid: NOBODY, gid: NOBODY }),
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new LabError(`cannot start ${command}: ${String(cause)}`, { cause });
  }
  return new LabProcess(child, child.pid ?? 0);
}

/**
 * Below the ports that kernels give to outgoing connections (Linux: net.ipv4.ip_local_port_range, 32768 and up): while a server is
 * down, one of those may be taken by any connection of the machine, even by a client that reconnects, to itself.
 */
const PORTS = { first: 10_000, last: 32_767 };

/** At random, so that nobody else who does the same takes it before the server is up. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.first, PORTS.last + 1);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, ADDRESS), 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
