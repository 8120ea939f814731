import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Lab } from '@lifeguard/lab';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BlackoutReport, PoolReport } from '../../packages/cli/src/index.js';
import { type RunningCommand, run, start, startOnTerminal } from './command.js';
import { descendantsOf, survivors } from './descendants.js';
import { need } from './need.js';

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

describe.concurrent('lifeguard blackout', () => {
  it('cuts the cable for real: stock waits for its return, Lifeguard’s callers are told and served again', async (context) => {
    need(context, noLab);
    const { status, stdout, stderr } = await run(['blackout', '--json', '--cut', '4'], { env: SHORT });
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
