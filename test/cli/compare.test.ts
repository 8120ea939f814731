import { Lab, MariaDb, natsUnavailable, rabbitMqUnavailable, redisUnavailable } from '@lifeguard/lab';
import { expect, it } from 'vitest';
import type { ComparisonReport, DriverName, DriverReport } from '../../packages/cli/src/index.js';
import { run } from './command.js';
import { need } from './need.js';

const DRIVERS: readonly DriverName[] = [
  'pg',
  'mysql2',
  'mariadb',
  'ioredis',
  'redis',
  'amqplib',
  'nats',
  'grpc',
  'http',
  'fetch',
  'net',
];

/** 20 a second for three seconds before the cut and five after it. */
const AT_LEAST = 120;

it('lifeguard blackout --compare runs every driver, stock and ours, against its server through one cut', async (context) => {
  const unavailable = MariaDb.available() ?? redisUnavailable() ?? rabbitMqUnavailable() ?? natsUnavailable();
  need(context, (await Lab.available()) ?? unavailable);
  const { status, stdout, stderr } = await run(['blackout', '--compare', '--json', '--cut', '1']);
  expect(stderr).toMatch(/cable healed, 2 s \| stock \/ ours: pg \+\d+ .*, net \+\d+ /);
  expect(status).toBe(0);

  const report = JSON.parse(stdout) as ComparisonReport;
  expect(report).toMatchObject({ scenario: 'silent-cut', cutSeconds: 1 });
  expect(report.drivers.map(({ driver }) => driver)).toEqual(DRIVERS);
  for (const { driver, pools } of report.drivers as readonly DriverReport[]) {
    expect(pools, driver).toHaveLength(2);
    for (const { name, answered, failed, longestWaitMillis, firstAnswerAfterHealMillis } of pools) {
      expect(answered, name).toBeGreaterThan(AT_LEAST);
      // On a machine that is slow to heal the cable, gRPC's next connect may have failed by then.
      expect(failed, name).toBeLessThan(30);
      expect(longestWaitMillis, name).toBeGreaterThan(900);
      expect(firstAnswerAfterHealMillis, name).toBeLessThan(3000);
    }
    const [stock, ours] = pools;
    expect(stock?.tcp, driver).toMatchObject({ userTimeoutMillis: 0 });
    expect(ours?.tcp, driver).toMatchObject({ keepAlive: true, userTimeoutMillis: 10_000 });
  }
});
