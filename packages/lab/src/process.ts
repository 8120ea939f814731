import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Readable, Stream, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LabError } from './errors.js';
import { sendSignal, state, until } from './proc.js';
import { tool } from './tools.js';

/** Where one of the three standard streams of a process leads, as in `node:child_process`. */
export type StdioStream = 'pipe' | 'ignore' | 'inherit' | number | Stream;

/** How a process is started on a host. */
export interface SpawnOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: this process's. */
  readonly cwd?: string;
  /** Default: three pipes. Mind that a process which fills a pipe that nobody reads comes to a halt. */
  readonly stdio?: 'pipe' | 'ignore' | 'inherit' | readonly [StdioStream, StdioStream, StdioStream];
}

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process on a host. */
export class LabProcess {
  /** Of the process itself, as seen from outside. */
  readonly pid: number;
  /** Settles when it has ended, however that came. Never rejects. */
  readonly exited: Promise<Exit>;
  readonly #streams: ChildProcess;
  /** nsenter, where there is one: our child, and the parent of the process. */
  readonly #launcher: number | undefined;
  #over = false;

  /** @internal */
  constructor(child: ChildProcess, pid: number) {
    this.#streams = child;
    this.#launcher = child.pid === pid ? undefined : child.pid;
    this.pid = pid;
    this.exited = exitOf(child);
    this.exited.then(() => {
      this.#over = true;
    });
  }

  get running(): boolean {
    return !this.#over;
  }

  /** @throws LabError if it was not started with a pipe there; so for the other two */
  get stdin(): Writable {
    return this.#pipe(this.#streams.stdin, 'stdin');
  }

  get stdout(): Readable {
    return this.#pipe(this.#streams.stdout, 'stdout');
  }

  get stderr(): Readable {
    return this.#pipe(this.#streams.stderr, 'stderr');
  }

  /** Sends a signal, SIGTERM if none is named. Does nothing if the process has ended. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (this.#over) return;
    sendSignal(this.pid, signal);
    if (signal === 'SIGKILL') this.release();
  }

  /** Stops it with SIGSTOP: its kernel goes on acknowledging and queueing for it, the program does nothing. */
  async freeze(): Promise<void> {
    this.kill('SIGSTOP');
    await until(`process ${this.pid} stops`, () => this.#over || this.#pids().every((pid) => state(pid) === 'T'));
  }

  /** Lets it go on. */
  async thaw(): Promise<void> {
    this.kill('SIGCONT');
    this.release();
    await until(`process ${this.pid} goes on`, () => this.#over || this.#goesOn());
  }

  /**
   * The launcher stops itself when it sees the process stopped, and could then not tell of its end. This wakes it.
   * @internal
   */
  release(): void {
    if (!this.#over && this.#launcher !== undefined) sendSignal(this.#launcher, 'SIGCONT');
  }

  #pids(): number[] {
    return this.#launcher === undefined ? [this.pid] : [this.pid, this.#launcher];
  }

  // An awakened launcher sends a SIGCONT of its own before it sleeps again: if late, that would undo the next freeze.
  #goesOn(): boolean {
    return state(this.pid) !== 'T' && (this.#launcher === undefined || state(this.#launcher) === 'S');
  }

  #pipe<Pipe>(pipe: Pipe | null, name: string): Pipe {
    if (pipe === null) throw new LabError(`the ${name} of process ${this.pid} is not a pipe`);
    return pipe;
  }
}

/** A Node.js process on a host, with a channel between it and this process. */
export class NodeProcess extends LabProcess {
  /** Emits `'message'` with what the process hands to `process.send`. */
  readonly messages: EventEmitter<{ message: [unknown] }> = new EventEmitter();
  readonly #child: ChildProcess;

  /** @internal */
  constructor(child: ChildProcess, pid: number) {
    super(child, pid);
    this.#child = child;
    child.on('message', (message) => this.messages.emit('message', message));
  }

  /** Arrives there as `process.on('message')`. Rejects if the process is gone. */
  send(message: Serializable): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.send(message, (error) => (error === null ? resolve() : reject(error)));
    });
  }
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  // A short program may have ended before anyone could listen.
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

// Runs inside. Says which process it is, as seen from outside, and becomes the program.
const LAUNCH = `
cd -- "$1" 2> /dev/null || { echo "no folder $1" >&3; exit 127; }
shift
command -v -- "$1" > /dev/null || { echo "no command $1" >&3; exit 127; }
read -r pid rest < /proc/self/stat
echo "$pid" >&3
exec "$@" 3>&-
`;

/**
 * Starts a program behind `inside`, the words that take a command into a host's namespaces.
 * @internal
 * @throws LabError if there is no such command, no such folder, or no such host any more
 */
export async function launch(
  inside: readonly string[],
  argv: readonly string[],
  options: SpawnOptions,
): Promise<LabProcess> {
  const { child, pid } = await start(inside, argv, options, []);
  return new LabProcess(child, pid);
}

/** @internal As `launch`, for a program that is a Node.js program. */
export async function launchNode(
  inside: readonly string[],
  argv: readonly string[],
  options: SpawnOptions,
): Promise<NodeProcess> {
  const { child, pid } = await start(inside, [process.execPath, ...argv], options, ['ipc']);
  return new NodeProcess(child, pid);
}

async function start(
  inside: readonly string[],
  argv: readonly string[],
  { env, cwd = process.cwd(), stdio = 'pipe' }: SpawnOptions,
  channel: readonly 'ipc'[],
): Promise<{ child: ChildProcess; pid: number }> {
  // When we end, the first process of the host takes all others along; nsenter, outside, sees its child end, reaps it,
  // and ends too, unless it is stopped because its child was frozen. Hence the signal that the kernel sends it then.
  const args = ['--pdeathsig', 'CONT', ...inside, tool('sh'), '-c', LAUNCH, 'sh', cwd, ...argv];
  const streams = typeof stdio === 'string' ? [stdio, stdio, stdio] : stdio;
  const child = spawn(tool('setpriv'), args, {
    env: { ...process.env, ...env },
    stdio: [...streams, 'pipe', ...channel],
    // Detached from the terminal: Ctrl-C is for us, who decide what becomes of the lab.
    detached: true,
  });
  const report = child.stdio[3] as Readable;
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  const [line] = await Promise.race([once(report, 'data'), once(report, 'close'), failed]);
  report.destroy();
  const pid = Number(line);
  if (Number.isInteger(pid)) return { child, pid };
  const complaint = line ?? (child.stderr === null ? '' : await text(child.stderr));
  throw new LabError(`cannot start ${argv[0]}: ${String(complaint).trim() || 'no such host any more'}`);
}
