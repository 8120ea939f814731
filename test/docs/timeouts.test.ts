import { resolveTcpOptions, type TcpOptions, tcpOptionWarnings } from '@lifeguard/tcp';
import { expect, test } from 'vitest';
import { inWords } from '../../packages/cli/src/doctor/duration.js';
import { LINUX } from '../../packages/cli/src/doctor/linux.fixture.js';
import { predict } from '../../packages/cli/src/doctor/predict.js';
import { read } from './pages.js';

/** Place, settings, time of notice, outage survived. */
const ROW = /^\| (.+?) \| (?:`(.*?)` )?\| (.+?) \| (\d+) s \|$/gm;

/** `KEEPALIVE_IDLE=1s USER_TIMEOUT=2s` as the environment would have it. */
function optionsOf(settings: string): TcpOptions {
  const env = Object.fromEntries(
    settings
      .split(' ')
      .filter(Boolean)
      .map((setting) => `LIFEGUARD_${setting}`.split('=')),
  );
  return resolveTcpOptions({}, { env });
}

function noticedAfter(options: TcpOptions): string {
  const { sendingMillis, idleMillis } = predict(options, LINUX);
  const atLeast = options.userTimeoutMillis === 0 ? ' or more' : '';
  return `${inWords(sendingMillis)}${atLeast}, ${idleMillis === null ? 'never' : inWords(idleMillis)}`;
}

/** All probes but one: so many may go unanswered. */
function outageSurvived(options: TcpOptions): number {
  const { idleMillis } = predict(options, LINUX);
  const { keepAliveIdleMillis, keepAliveIntervalMillis } = options;
  return ((idleMillis ?? 0) - keepAliveIdleMillis - keepAliveIntervalMillis) / 1000;
}

test('the decision table says what doctor computes, and advises nothing that is warned of', () => {
  const rows = [...read('docs/timeouts.md').matchAll(ROW)];
  expect(rows).toHaveLength(7);
  for (const [, place, settings = '', noticed, outage] of rows) {
    const options = optionsOf(settings);
    expect([place, noticed, Number(outage)]).toEqual([place, noticedAfter(options), outageSurvived(options)]);
    expect([place, ...tcpOptionWarnings(options)]).toEqual([place]);
  }
});
