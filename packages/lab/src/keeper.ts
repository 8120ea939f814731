import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { LabError } from './errors.js';
import { mayMakeNamespaces } from './namespace.js';
import { sendSignal } from './proc.js';
import { tool, toolEnvironment } from './tools.js';

export interface KeeperOptions {
  /** Whether it gets a network of its own, or shares the caller's. */
  readonly network: boolean;
  /** Shell commands that are run inside before anyone else can be. */
  readonly setup?: string;
  /** A keeper whose user namespace to share, where there is one. */
  readonly beside?: Keeper;
}

/** The folder on every keeper that lives in memory and goes with it. */
export const PRIVATE_FOLDER = '/dev/shm';

// Said by /proc, which is left as it is outside: so processes inside are known by the numbers that we know them by.
// The shell's `wait` also reaps whatever loses its parent here, which is a first process's duty.
const FIRST_PROCESS = `
mount -t tmpfs -o mode=1777 private ${PRIVATE_FOLDER}
read -r pid rest < /proc/self/stat
echo "$pid"
exec 3<&0
cat <&3 > /dev/null &
wait $!
`;

/**
 * A set of namespaces (processes, mounts, shared memory, and network if asked for), held by one process that is
 * their first. It waits on a pipe to its maker. When that closes, because the maker is no more, it ends; then the
 * kernel kills everything inside, and the namespaces, which have no name, go with the last process.
 */
export class Keeper {
  /** Of the first process inside, as seen from outside. */
  readonly pid: number;
  /** Whether it lives in a user namespace that was made for it. */
  readonly rootless: boolean;
  readonly #network: boolean;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;

  private constructor(child: ChildProcess, pid: number, network: boolean, rootless: boolean) {
    this.#child = child;
    this.#gone = once(child, 'exit');
    this.#network = network;
    this.pid = pid;
    this.rootless = rootless;
  }

  /** @throws LabError with what the kernel has against it */
  static async start(options: KeeperOptions): Promise<Keeper> {
    const rootless = options.beside?.rootless ?? !mayMakeNamespaces();
    const [command = '', ...args] = [
      ...(options.beside?.inside('user') ?? []),
      tool('unshare'),
      ...(rootless && !options.beside ? ['--user', '--map-root-user'] : []),
      ...(options.network ? ['--net'] : []),
      ...['--pid', '--mount', '--ipc', '--fork', '--kill-child'],
      ...[tool('sh'), '-ec', `${options.setup ?? ''}\n${FIRST_PROCESS}`],
    ];
    // Detached from the terminal: Ctrl-C is for the maker, who decides what becomes of the lab.
    const child = spawn(command, args, { detached: true, env: toolEnvironment() });
    const pid = await announced(child);
    release(child);
    return new Keeper(child, pid, options.network, rootless);
  }

  /** What to put before a command to run it inside: in the whole, or in one of the namespaces only. */
  inside(part: 'all' | 'net' | 'user'): string[] {
    const user = this.rootless ? ['--user', '--preserve-credentials'] : [];
    if (part === 'user' && user.length === 0) return [];
    const net = this.#network ? ['--net'] : [];
    const kinds = { all: [...net, '--pid', '--mount', '--ipc'], net, user: [] };
    return [tool('nsenter'), '--target', String(this.pid), ...user, ...kinds[part], '--'];
  }

  /** Ends everything inside at once. Settles when all of it is gone. */
  async kill(): Promise<void> {
    this.#child.ref();
    if (this.#child.exitCode === null && this.#child.signalCode === null) sendSignal(this.pid, 'SIGKILL');
    await this.#gone;
  }
}

/** The number that the first process prints when all is set up. */
async function announced(child: ChildProcessWithoutNullStreams): Promise<number> {
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const closed = once(child, 'close').then(() => []);
  const [line] = await Promise.race([once(child.stdout, 'data'), closed]);
  if (line === undefined) throw new LabError(complaint.trim().replaceAll('\n', '; '));
  return Number.parseInt(String(line), 10);
}

/** A lab that was forgotten must not keep its maker from ending. */
function release(child: ChildProcessWithoutNullStreams): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref();
}
