import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NoProcessError, WatchError } from './errors.js';
import type { ProcessFiles } from './process-files.js';
import { parseSsLine, type SsLine } from './ss-line.js';

const SS = [
  'ss',
  '--tcp',
  '--all',
  '--numeric',
  '--options',
  '--extended',
  '--info',
  '--oneline',
  '--no-header',
] as const;

/** The Debian package that brings each. */
const PACKAGES: Readonly<Record<string, string>> = { ss: 'iproute2', nsenter: 'util-linux' };

/** A million connections and more. */
const MAX_OUTPUT_BYTES = 2 ** 30;

/**
 * Every TCP socket in the network namespace of the process. `ss` asks the kernel over netlink (sock_diag); the process
 * notices nothing.
 *
 * @param signal ends the wait for an answer
 * @throws {NoProcessError} if the process has ended meanwhile
 * @throws {WatchError} if a command is missing, the namespace can't be entered, or the signal aborts
 */
export async function listSockets(process: ProcessFiles, signal?: AbortSignal): Promise<SsLine[]> {
  const output = await run([...enter(process), ...SS], process, signal);
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseSsLine);
}

/** An ordinary user may enter the network of a container that is theirs by way of its user namespace. */
function enter(target: ProcessFiles): string[] {
  const network = target.foreignNamespace('net');
  if (network === undefined) return [];
  const user = process.getuid?.() === 0 ? undefined : target.foreignNamespace('user');
  return ['nsenter', ...(user ? [`--user=${user}`, '--preserve-credentials'] : []), `--net=${network}`];
}

async function run(
  [command = '', ...args]: readonly string[],
  target: ProcessFiles,
  signal: AbortSignal | undefined,
): Promise<string> {
  // An ordinary user's PATH often lacks the sbin folders. And errors are wanted in English.
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' };
  try {
    const { stdout } = await promisify(execFile)(command, args, { env, maxBuffer: MAX_OUTPUT_BYTES, signal });
    return stdout;
  } catch (error) {
    if (target.hasEnded()) throw new NoProcessError(target.pid);
    throw explain(error as NodeJS.ErrnoException & { readonly stderr?: string }, command, target.pid);
  }
}

function explain(
  error: NodeJS.ErrnoException & { readonly stderr?: string },
  command: string,
  pid: number,
): WatchError {
  const said = (error.stderr || error.message).trim().replaceAll('\n', '; ');
  const missing =
    error.code === 'ENOENT' || error.code === 'EACCES'
      ? command
      : /failed to execute (\w+): No such file/.exec(said)?.[1];
  if (missing !== undefined)
    return new WatchError(`the command ${missing} can't be run: install the package ${PACKAGES[missing] ?? missing}`);
  if (command === 'nsenter' && said.includes('nsenter:'))
    return new WatchError(`the network namespace of process ${pid} can't be entered (${said}): run this as root`);
  return new WatchError(`${command} has failed: ${said}`);
}
