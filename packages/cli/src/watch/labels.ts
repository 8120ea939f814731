import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { parseLabels } from '@lifeguard/tcp/labels';

/** A million connections and more. */
const MAX_BYTES = 2 ** 24;
/** A write takes microseconds, and there are at most ten a second. */
const TRIES = 5;

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * What a process tells of its sockets in its memory file: labels by inode number. None if it can't be read: the rest is worth
 * showing without.
 */
export function readLabels(path: string): ReadonlyMap<string, string> {
  try {
    // By now there may be a pipe in its place, which one would wait for.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readWhole(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return NONE;
  }
}

/** What is written at this moment is read again. */
function readWhole(fd: number): ReadonlyMap<string, string> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const bytes = Buffer.alloc(Math.min(fstatSync(fd).size, MAX_BYTES));
    const length = readSync(fd, bytes, 0, bytes.byteLength, 0);
    const labels = parseLabels(bytes.subarray(0, length));
    if (labels !== undefined) return labels;
  }
  return NONE;
}
