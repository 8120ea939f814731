import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url));

export type RunningCommand = ChildProcessByStdio<null, Readable, Readable>;

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

/** Starts `lifeguard`. */
export function start(args: readonly string[], { env, within = [] }: CommandOptions = {}): RunningCommand {
  const [command = '', ...rest] = [...within, process.execPath, MAIN, ...args];
  return spawn(command, rest, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
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
