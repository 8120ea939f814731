import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The compiled package, as a program loads it. */
export const REGISTER = fileURLToPath(new URL('../dist/index.js', import.meta.url));

const TCP = new URL('../../tcp/dist/index.js', import.meta.url).href;

/** What each program below begins with: a server, `connect()` to it, and the options of a socket as the kernel has them. */
const PREAMBLE = `
  import net from 'node:net';
  import { once } from 'node:events';
  import { harden, inspect } from ${JSON.stringify(TCP)};
  const TCP = ${JSON.stringify(TCP)};
  const accepted = [];
  const server = net.createServer((socket) => accepted.push(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  const connect = async (host = '127.0.0.1') => {
    const socket = net.connect(port, host);
    await once(socket, 'connect');
    return socket;
  };
  const options = (socket) => inspect(socket).options;
  const tell = (value) => console.log(JSON.stringify(value));
`;

export interface Outcome {
  readonly status: number | null;
  /** What the program told, each as JSON on a line. */
  readonly told: unknown[];
  readonly stderr: string;
}

export interface RunOptions {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Whether anybody reads what it writes on stderr. Default: true. */
  readonly readsStderr?: boolean;
}

/** Runs a program of its own, with the given flags and variables. */
export async function run(
  program: string,
  { flags = ['--import', REGISTER], env = {}, readsStderr = true }: RunOptions = {},
): Promise<Outcome> {
  const source = `${PREAMBLE}\n${program}\nprocess.exit();`;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', source], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (!readsStderr) child.stderr.destroy();
  const [stdout, stderr] = await Promise.all([text(child.stdout), readsStderr ? text(child.stderr) : '']);
  const told = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
  return { status: await status, told, stderr };
}
