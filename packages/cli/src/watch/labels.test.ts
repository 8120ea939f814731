import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readLabels } from './labels.js';

const folder = mkdtempSync(join(tmpdir(), 'lifeguard-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(json: string): string {
  const path = join(folder, 'labels');
  writeFileSync(path, `lifeguard-labels 1 ${Buffer.byteLength(json)} ${crc32(json).toString(16)}\n${json}`);
  return path;
}

const isPosix = process.platform !== 'win32';
if (!isPosix) console.warn('left out: a pipe in place of the file, which Windows does not have');

describe('what a process tells of its sockets', () => {
  it('is labels by inode number', () => {
    expect(readLabels(fileOf('{"orders":[1,2]}'))).toEqual(
      new Map([
        ['1', 'orders'],
        ['2', 'orders'],
      ]),
    );
  });

  it('is nothing where there is no file, half a file, or more than any process has to tell', () => {
    const path = fileOf('{"orders":[1,2]}');
    expect(readLabels(join(folder, 'none')).size).toBe(0);
    truncateSync(path, 20);
    expect(readLabels(path).size).toBe(0);
    truncateSync(path, 2 ** 40);
    expect(readLabels(path).size).toBe(0);
  });

  it.runIf(isPosix)('is not waited for where a pipe lies in its place', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(readLabels(pipe).size).toBe(0);
  });
});
