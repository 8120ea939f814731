import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** How a program ended, and what it wrote to stdout. Its stderr is ours. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
}

/** Runs a compiled program of this folder to its end, but no longer than the tests take. */
export async function run(
  program: 'main' | 'stress',
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): Promise<Outcome> {
  const path = fileURLToPath(new URL(`./dist/${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [...nodeArgs, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const [stdout, [status]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
  running.delete(child);
  return { status, stdout };
}
