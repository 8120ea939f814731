import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { LabError } from './errors.js';
import { toolEnvironment } from './tools.js';

/**
 * Runs a short command to its end, with `input` as its standard input, and gives what it printed.
 * @throws LabError with what it wrote to standard error, if its exit status is not 0
 */
export async function run(argv: readonly string[], input = ''): Promise<string> {
  const [command = '', ...args] = argv;
  const child = spawn(command, args, { env: toolEnvironment() });
  // A command that fails before it has read everything is told by its exit status, not by a broken pipe.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [out, err, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new LabError(`${argv.join(' ')}: ${err.trim() || `ended with ${code ?? signal}`}`);
  return out;
}
