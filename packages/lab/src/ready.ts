import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './errors.js';
import type { LabProcess } from './process.js';

const START_MILLIS = 30_000;

/**
 * Reads a server's log: until it says that it is ready, and on for as long as it runs, lest it be stopped by a full pipe.
 *
 * @param log one of the server's streams
 * @throws LabError with the last lines of the log, if the server ends first or takes longer than 30 s; it runs no more then
 */
export async function ready(name: string, server: LabProcess, log: Readable, word: string): Promise<void> {
  const lines = createInterface(log);
  const last: string[] = [];
  const said = new Promise<true>((resolve) => {
    lines.on('line', (line) => {
      if (line.includes(word)) resolve(true);
      last.push(line);
      last.splice(0, last.length - 10);
    });
  });
  const ended = once(lines, 'close').then(() => false);
  const late = delay(START_MILLIS, false, { ref: false });
  if (await Promise.race([said, ended, late])) return;
  server.kill('SIGKILL');
  await server.exited;
  throw new LabError(`${name} did not start: ${last.join('; ')}`);
}
