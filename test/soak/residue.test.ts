import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { leftovers, measureResidue } from './residue.js';

test('nothing done leaves nothing over', async () => {
  const before = await measureResidue();
  expect(leftovers(before, await measureResidue(before), 1e6)).toEqual([]);
});

test('a server that stays open is a file descriptor and a resource too many', async () => {
  const before = await measureResidue();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const found = leftovers(before, await measureResidue());
  expect(found).toContainEqual(expect.stringContaining('active TCPServerWrap'));
  if (process.platform === 'linux') expect(found).toContainEqual(expect.stringContaining('file descriptors'));
  server.close();
});

test('timers that run are resources too many', async () => {
  const before = await measureResidue();
  // More than the test runner's own that may end meanwhile.
  const timers = Array.from({ length: 10 }, () => setTimeout(() => {}, 60_000));
  expect(leftovers(before, await measureResidue())).toContainEqual(expect.stringContaining('active Timeout'));
  for (const timer of timers) clearTimeout(timer);
});

test('memory that is kept is found, memory that was let go is not', async () => {
  const before = await measureResidue();
  const kept: string[][] = [];
  for (let index = 0; index < 1000; index += 1) kept.push(Array.from({ length: 1000 }, () => `item ${index}`));
  expect(leftovers(before, await measureResidue(), 4e6)).toContainEqual(expect.stringContaining('a heap of'));
  kept.length = 0;
  expect(leftovers(before, await measureResidue(), 4e6)).toEqual([]);
});
