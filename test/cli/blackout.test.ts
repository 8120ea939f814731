import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Lab, MariaDb } from '@lifeguard/lab';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlackoutReport, PoolReport } from '../../packages/cli/src/index.js';
import { findBrowser, launchBrowser } from '../status/browser.js';
import { type Outcome, type RunningCommand, run, start, startOnTerminal } from './command.js';
import { descendantsOf, survivors } from './descendants.js';
import { need } from './need.js';
import { lookAt, pictures, WIDTHS } from './report-page.js';

/** To imitate a machine without a lab: a user namespace in which no network can be made. The limit holds in there only. */
const NO_LAB = [
  'unshare',
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"',
  'sh',
] as const;

let noLab: string | undefined;
let noImitation: string | undefined;
let noScript: string | undefined;
beforeAll(async () => {
  noLab = await Lab.available();
  const [command, ...args] = NO_LAB;
  const trial = spawnSync(command, [...args, 'true'], { encoding: 'utf8' });
  if (trial.status !== 0) noImitation = `a machine without a lab can't be imitated: ${trial.stderr ?? trial.error}`;
  const version = spawnSync('script', ['--version'], { encoding: 'utf8' });
  if (!version.stdout?.includes('util-linux'))
    noScript = 'no terminal can be imitated without the command script of util-linux';
});

/** Settles when it has written that. */
async function says(command: RunningCommand, words: string): Promise<void> {
  for await (const line of createInterface(command.stdout)) {
    if (line.includes(words)) return;
  }
  throw new Error(`the command has ended without having written ${words}`);
}

const SHORT = {
  LIFEGUARD_KEEPALIVE_IDLE: '1s',
  LIFEGUARD_KEEPALIVE_INTERVAL: '1s',
  LIFEGUARD_KEEPALIVE_COUNT: '2',
  LIFEGUARD_USER_TIMEOUT: '2s',
  LIFEGUARD_ACQUIRE_TIMEOUT: '2s',
};

const SHORT_TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 1000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 2,
  userTimeoutMillis: 2000,
};

function poolOf(report: BlackoutReport, name: PoolReport['name']): PoolReport {
  const pool = report.pools.find((candidate) => candidate.name === name);
  if (pool === undefined) throw new Error(`no pool ${name} in the report`);
  return pool;
}

const folder = mkdtempSync(join(tmpdir(), 'lifeguard-blackout-'));
afterAll(() => rmSync(folder, { recursive: true }));

const REPORT_FILE = join(folder, 'blackout.html');

/** One run for the tests of its report, too. */
let shortCut: Promise<Outcome> | undefined;
function runShortCut(): Promise<Outcome> {
  shortCut ??= run(['blackout', '--json', '--cut', '4', '--report', REPORT_FILE], { env: SHORT });
  return shortCut;
}

let browser: Promise<Browser> | undefined;
const browserPath = findBrowser();
const noBrowser = browserPath ? undefined : 'there is no Chromium (Debian: chromium)';
afterAll(async () => {
  if (browser) console.info(`pictures of the report: ${pictures}`);
  await (await browser)?.close();
});

describe.concurrent('lifeguard blackout', () => {
  it('cuts the cable for real: stock waits for its return, Lifeguard’s callers are told and served again', async (context) => {
    need(context, noLab);
    const { status, stdout, stderr } = await runShortCut();
    expect(stderr).toMatch(/cable cut, 2 s of 4 s \| pg\.Pool: .* \| @lifeguard\/pg: /);
    expect(status).toBe(0);

    const report = JSON.parse(stdout) as BlackoutReport;
    expect(report).toMatchObject({ scenario: 'silent-cut', cutSeconds: 4, tcp: SHORT_TCP });
    expect(report.pools.map(({ name }) => name)).toEqual(['pg.Pool', '@lifeguard/pg']);
    const stock = poolOf(report, 'pg.Pool');
    const hardened = poolOf(report, '@lifeguard/pg');

    // The same load for both, and stock as it comes.
    expect(stock.sent).toBeGreaterThan(150);
    expect(Math.abs(stock.sent - hardened.sent)).toBeLessThan(10);
    expect(stock.tcp).toMatchObject({ keepAlive: false, userTimeoutMillis: 0 });

    // Nobody answered while it was cut.
    expect(stock.longestWaitMillis).toBeGreaterThan(4000);
    expect(stock).toMatchObject({ failed: 0, firstErrorAfterCutMillis: null });
    expect(hardened.failed).toBeGreaterThan(0);
    expect(hardened.firstErrorAfterCutMillis).toBeGreaterThan(500);
    expect(hardened.firstErrorAfterCutMillis).toBeLessThan(3500);
    expect(hardened.longestWaitMillis).toBeLessThan(3500);
    expect(hardened.firstAnswerAfterHealMillis).toBeLessThan(1000);
    expect(hardened.stuckAtHeal).toBe(0);
  });

  it.for(WIDTHS)(
    'its report is whole and quiet in a browser %d px wide, with a mark for each request',
    async (width, context) => {
      need(context, noLab ?? noBrowser);
      browser ??= launchBrowser(browserPath ?? '');
      const { stdout } = await runShortCut();
      const { pools } = JSON.parse(stdout) as BlackoutReport;
      const shown = await lookAt(await browser, REPORT_FILE, width);
      expect(shown).toMatchObject({ complaints: [], requests: [], overflow: 0 });
      expect(shown.contenders).toEqual(
        pools.map(({ name, sent, answered, failed }) => ({ name, answered, failed, open: sent - answered - failed })),
      );
      expect(shown.tabStops).toContain('The same in numbers');
      expect(shown.tabStops.at(-1)).toBe('All that was recorded, as JSON');
    },
  );

  it('puts another driver before another fault: a server that is killed and comes back', async (context) => {
    need(context, noLab ?? MariaDb.available());
    const args = ['blackout', '--json', '--driver', 'mysql2', '--scenario', 'server-killed', '--cut', '3'];
    const { status, stdout, stderr } = await run(args);
    expect(stderr).toContain('starting MariaDB on db');
    expect(stderr).toMatch(/server killed, 2 s of 3 s \| mysql2: .* \| @lifeguard\/mysql2: /);
    expect(status).toBe(0);

    const report = JSON.parse(stdout) as BlackoutReport;
    expect(report).toMatchObject({ scenario: 'server-killed', driver: 'mysql2', cutSeconds: 3, computed: null });
    expect(report.pools.map(({ name }) => name)).toEqual(['mysql2', '@lifeguard/mysql2']);
    // What was on its way is told at once. After that the driver refuses each, and ours has them wait for the server's return.
    const stock = poolOf(report, 'mysql2');
    const hardened = poolOf(report, '@lifeguard/mysql2');
    expect(stock.firstErrorAfterCutMillis).toBeLessThan(1000);
    expect(stock.errors['ECONNREFUSED']).toBeGreaterThan(30);
    expect(hardened.firstErrorAfterCutMillis).toBeLessThan(1000);
    expect(hardened.failed).toBeLessThan(10);
    expect(hardened.answered).toBeGreaterThan(hardened.sent - 30);
    expect(hardened.firstAnswerAfterHealMillis).not.toBeNull();
  });

  it.for([
    ['SIGINT', 'in a lab'],
    ['SIGTERM', 'in a lab'],
    ['SIGKILL', 'in a lab'],
    ['SIGTERM', 'without one'],
    ['SIGKILL', 'without one'],
  ] as const)('leaves nothing behind when it is ended by %s %s', async ([signal, where], context) => {
    need(context, process.platform === 'linux' ? undefined : 'its processes are looked up in /proc');
    need(context, where === 'in a lab' ? noLab : noImitation);
    const command = start(['blackout'], where === 'in a lab' ? {} : { within: NO_LAB });
    const exited = once(command, 'exit');
    await says(command, 'warming up');
    const family = descendantsOf(command.pid ?? 0);
    // At least PostgreSQL and the two services.
    expect(family.length).toBeGreaterThan(3);
    command.kill(signal);
    expect(await exited).toEqual(signal === 'SIGKILL' ? [null, signal] : [130, null]);
    expect(await survivors(family)).toEqual([]);
  });

  it('ends the same way on Ctrl-C on a terminal, where it has drawn a table', async (context) => {
    need(context, noLab ?? noScript);
    const command = startOnTerminal(['blackout']);
    await says(command, 'stuck (> 11.5 s)');
    const family = descendantsOf(command.pid ?? 0);
    expect(family.length).toBeGreaterThan(3);
    command.stdin.write('\x03');
    await says(command, 'ended with 130');
    expect(await survivors(family)).toEqual([]);
  });

  it('says why there is no fault where no lab can be made, and runs without', async (context) => {
    need(context, noImitation);
    const { status, stdout, stderr } = await run(['blackout', '--json'], { within: NO_LAB, env: SHORT });
    expect(stderr).toContain('no lab can be made here: ');
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as BlackoutReport;
    expect(report).toMatchObject({ scenario: 'no-fault', cutSeconds: 0, tcp: SHORT_TCP });
    expect(report.reason).toMatch(/^the kernel refuses to make a lab/);
    for (const pool of report.pools) {
      expect(pool).toMatchObject({ failed: 0, firstErrorAfterCutMillis: null, firstAnswerAfterHealMillis: null });
      expect(pool.answered).toBeGreaterThan(100);
    }
  });
});
