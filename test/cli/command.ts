import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const MAIN = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

export type RunningCommand = ChildProcessByStdio<Writable, Readable, Readable>;

/** How a command ended, and what it wrote. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CommandOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs its arguments as a command. */
  readonly within?: readonly string[];
}

const running = new Set<RunningCommand>();
afterAll(() => {
  for (const command of running) command.kill('SIGKILL');
});

/** Starts `lifeguard`, for no longer than the tests take. */
export function start(args: readonly string[], { env, within = [] }: CommandOptions = {}): RunningCommand {
  return launch([...within, process.execPath, MAIN, ...args], env);
}

/**
 * Starts `lifeguard` on a terminal of its own: what is written to stdin is typed there. When it has ended, a last line says
 * how: `ended with`, and its status or the signal that killed it; a shell would not tell 130 from SIGINT. Needs util-linux’s
 * `script`.
 */
export function startOnTerminal(args: readonly string[]): RunningCommand {
  const words = [process.execPath, '-e', TELL_END, MAIN, ...args].map((word) => `'${word}'`);
  return launch(['script', '-qec', `stty cols 100 rows 40; exec ${words.join(' ')}`, '/dev/null']);
}

const TELL_END = `
process.on("SIGINT", () => {});
const { status, signal } = require("child_process").spawnSync(process.execPath, process.argv.slice(1), { stdio: "inherit" });
console.log("ended with " + (status ?? signal));
`;

function launch([command = '', ...args]: readonly string[], env?: Readonly<Record<string, string>>): RunningCommand {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs `lifeguard` to its end. */
export async function run(args: readonly string[], options?: CommandOptions): Promise<Outcome> {
  const command = start(args, options);
  const [stdout, stderr, [status]] = await Promise.all([
    text(command.stdout),
    text(command.stderr),
    once(command, 'exit') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
}
