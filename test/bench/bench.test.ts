import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));
const POOLS = ['no pool', '@lifeguard/pool', 'generic-pool', 'tarn', 'lightning-pool', 'pg-pool'];
const CASES = ['1 borrower', '10 borrowers', '50 borrowers', '1,000 borrowers'];

interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

interface Row {
  readonly name: string;
  readonly cells: Readonly<Record<string, { readonly value: number; readonly ratio?: Spread }>>;
}

async function bench(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { status, stdout, stderr };
}

test('--json prints one object: each pool’s time for each number of borrowers, and what Lifeguard takes beside it', async () => {
  const { status, stdout, stderr } = await bench('--quick', '--only', 'borrow', '--json');
  expect(status, stderr).toBe(0);
  const { node, quick, sections, leftOut } = JSON.parse(stdout);
  expect({ node, quick, leftOut }).toEqual({ node: process.version, quick: true, leftOut: [] });
  expect(Object.keys(sections)).toEqual(['borrow']);
  const rows: Row[] = sections.borrow.tables[0].rows;
  expect(rows.map(({ name }) => name)).toEqual(POOLS);
  for (const { name, cells } of rows) {
    expect(Object.keys(cells)).toEqual(CASES);
    for (const { value, ratio } of Object.values(cells)) {
      expect(value).toBeGreaterThan(0);
      if (name === 'no pool') expect(ratio).toBeUndefined();
      else expectOrdered(ratio);
    }
  }
  expect(sections.borrow.targets).toHaveLength(CASES.length);
  for (const { bound, limit, measured, outcome } of sections.borrow.targets) {
    expectOrdered(measured);
    const holds = (value: number) => (bound === 'at most' ? value <= limit : value >= limit);
    expect(outcome).toBe(holds(measured.median) ? 'met' : holds(measured.low) ? 'unclear' : 'missed');
  }
  expect(stderr).toContain('borrow: sitting 1 of 1');
});

function expectOrdered(spread: Spread | undefined): void {
  expect(spread).toEqual({ low: expect.any(Number), median: expect.any(Number), high: expect.any(Number) });
  if (!spread) return;
  expect(spread.low).toBeLessThanOrEqual(spread.median);
  expect(spread.median).toBeLessThanOrEqual(spread.high);
}

test.each([
  [['--only', 'borrow,nothing'], 'There is no section nothing.'],
  [['--write', '--quick'], '--write goes with neither --only nor --quick'],
])('%s measures nothing: status 2, and why', async (args, reason) => {
  const { status, stdout, stderr } = await bench(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(reason);
});
