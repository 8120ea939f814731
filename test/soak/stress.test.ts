import { expect, test } from 'vitest';
import { leftovers, megabytes } from './residue.js';
import { run } from './run.fixture.js';
import type { StressReport } from './stress.js';

/** What 1,000 connections would leave that were not let go; there are 4,000, and 1,000,000 leases. */
const HEAP_GROWTH_BYTES = 4e6;

test('a million leases of 200 borrowers who fail, lose patience, abort and clear: no connection, timer or memory is left', async () => {
  const { status, stdout } = await run('stress', [], ['--expose-gc']);
  expect(status).toBe(0);
  const { seconds, leases, wrong, events, before, after, stats } = JSON.parse(stdout) as StressReport;
  const heap = `heap ${megabytes(before.heapBytes)} before, ${megabytes(after.heapBytes)} after`;
  console.info(`${leases} leases of ${stats.created} connections in ${seconds.toFixed(1)} s; ${heap}`);
  expect(wrong).toEqual([]);
  expect(leftovers(before, after, HEAP_GROWTH_BYTES)).toEqual([]);
  expect(leases).toBeGreaterThanOrEqual(1_000_000);
  const hoped = ['ERR_POOL_ACQUIRE_TIMEOUT', 'aborted', 'borrower fails', 'cleared', 'destroyed', 'ECONNRESET'];
  expect(Object.keys(events)).toEqual(expect.arrayContaining([...hoped, 'connectFails', 'resetFails', 'destroyFails']));
});
