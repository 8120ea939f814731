// A server has one processor, and who asks it another. Where the kernel spreads them as it likes, how often two of a server's threads
// meet on one processor is a matter of luck that stays for as long as the connections do: the same pool differs from itself by a
// tenth from one process to the next.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Starts servers on one processor, and goes on with all threads of this process on another. Where there is only one, or not Linux with
 * util-linux, everything stays where the kernel puts it.
 *
 * @template T
 * @param {() => Promise<T>} start
 * @returns {Promise<T>}
 */
export async function apartFrom(start) {
  const [own, servers] = await allowedProcessors();
  if (own === undefined || servers === undefined) return start();
  // What is started inherits the processor.
  await moveTo(servers);
  const started = await start();
  await moveTo(own);
  return started;
}

/** @param {number} processor */
async function moveTo(processor) {
  await run('taskset', ['--all-tasks', '--cpu-list', '--pid', `${processor}`, `${process.pid}`]);
}

/** @returns {Promise<number[]>} none where they can't be chosen */
async function allowedProcessors() {
  try {
    await run('taskset', ['--version']);
    const status = await readFile('/proc/self/status', 'utf8');
    const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? [];
    return list.split(',').flatMap(numbersIn);
  } catch {
    return [];
  }
}

/** @param {string} range as in 2-5, or 7 */
function numbersIn(range) {
  const [first = Number.NaN, last = first] = range.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
