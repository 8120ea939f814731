import { Lab } from '@lifeguard/lab';
import { describe, expect, test } from 'vitest';
import type { FaultsReport } from './faults.js';
import type { Finding } from './findings.js';
import { formatCounts } from './ledger.js';
import type { LossReport } from './loss.js';
import { run } from './run.fixture.js';

const LOSS_SECONDS = 40;
const FAULTS = 20;
/** The promise, and what a busy machine may add. */
const RETURN_MILLIS = 1000 + 1500;

const unavailable = await Lab.available();
if (unavailable) console.warn(`left out: the soak, because ${unavailable}`);
const possible = process.env['CI'] === 'true' || unavailable === undefined;

interface Report {
  readonly seed: number;
  readonly loss?: LossReport;
  readonly faults?: FaultsReport;
  readonly findings: readonly Finding[];
}

async function soak(...args: string[]): Promise<Report> {
  const { stdout } = await run('main', ['--json', ...args]);
  return JSON.parse(stdout) as Report;
}

describe.skipIf(!possible).concurrent('a pool under load, on PostgreSQL', () => {
  test('5 % of packets are lost each way: nothing healthy is evicted, every query is answered right', async () => {
    const { loss, findings } = await soak('--only', 'loss', '--minutes', String(LOSS_SECONDS / 60));
    expect(findings).toEqual([]);
    expect(loss?.account.answered).toBeGreaterThan(10 * LOSS_SECONDS);
    expect(loss?.retransmits).toBeGreaterThan(LOSS_SECONDS);
    // Connections were opened under loss.
    expect(loss?.evicted['max-lifetime']).toBeGreaterThan(0);
    console.info(`${loss?.account.answered} answers, ${loss?.retransmits} segments sent again`);
  });

  test('faults in a row: it serves again after each, nobody is forgotten, nothing is left over', async () => {
    const { faults, findings } = await soak('--only', 'faults', '--faults', String(FAULTS));
    expect(findings.filter(({ promise }) => promise !== 'the pool serves again')).toEqual([]);
    const returns = Object.values(faults?.returns ?? {});
    expect(returns.reduce((total, { faults: some }) => total + some, 0)).toBe(FAULTS);
    const slowest = Math.max(...returns.map(({ slowestMillis }) => slowestMillis));
    console.info(`${FAULTS} faults: slowest return ${slowest} ms; evicted: ${formatCounts(faults?.evicted ?? {})}`);
    expect(slowest).toBeLessThan(RETURN_MILLIS);
    // Connections died of both kinds of end: the kernel's and the server's.
    expect(Object.keys(faults?.evicted ?? {})).toEqual(expect.arrayContaining(['timed-out', 'peer-closed']));
  });
});
