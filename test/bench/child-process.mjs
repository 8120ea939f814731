// Parts of the benchmark run in processes of their own, so that none meets the heap, the compiled code or the open
// connections of another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/**
 * Runs a module of this folder to its end.
 *
 * @param {string} module its file name; it calls `endWithParent`, and writes one JSON value to stdout
 * @param {readonly string[]} args
 * @param {{ node?: string, flags?: readonly string[] }} [options] another Node.js, and options for it
 * @returns {Promise<any>} the value
 */
export async function resultOf(module, args, options) {
  const child = start(module, args, options);
  const [output, [status, signal]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (status !== 0) throw new Error(`${module} ${args.join(' ')} ended with ${status ?? signal}`);
  return JSON.parse(output);
}

/**
 * Starts a module of this folder that serves until `stop` is called.
 *
 * @param {string} module its file name; it calls `endWithParent`, and writes one line to stdout when it is ready
 * @returns {Promise<{ line: string, stop: () => Promise<void> }>}
 */
export async function startServer(module) {
  const child = start(module, []);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const stop = async () => {
    child.stdin.end();
    await once(child, 'close');
  };
  return { line, stop };
}

/** Ends this process when its parent does, however that ends: nothing is left behind. */
export function endWithParent() {
  process.stdin.resume().once('end', () => process.exit());
  /** @type {import('node:net').Socket} */ (process.stdin).unref();
}

/**
 * @param {string} module
 * @param {readonly string[]} args
 * @param {{ node?: string, flags?: readonly string[] }} [options]
 */
function start(module, args, { node = process.execPath, flags = [] } = {}) {
  const file = fileURLToPath(new URL(module, import.meta.url));
  return spawn(node, [...flags, file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}
