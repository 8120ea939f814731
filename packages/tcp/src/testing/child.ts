import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the compiled package is, for `import` in a child's script. */
export const PACKAGE_URL = new URL('../../dist/index.js', import.meta.url).href;

export interface ChildOptions {
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs an ES module's source in a Node.js of its own; resolves with what it printed, as JSON. */
export async function runModule(source: string, { flags = [], env = {} }: ChildOptions = {}): Promise<unknown> {
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '--eval', source], {
    env: { PATH: process.env['PATH'], ...env },
    timeout: 25_000,
  });
  return JSON.parse(stdout);
}
