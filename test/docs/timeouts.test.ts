import { resolveTcpOptions, type TcpOptions, tcpOptionWarnings } from '@lifeguard/tcp';
import { expect, test } from 'vitest';
import { inWords } from '../../packages/cli/src/doctor/duration.js';
import { predict } from '../../packages/cli/src/doctor/predict.js';
import { read } from './pages.js';

/** Linux as it comes. */
const SYSCTLS = {
  tcp_retries2: 15,
  tcp_rto_max_ms: 120_000,
  tcp_rto_min_us: 200_000,
  tcp_keepalive_time: 7200,
  tcp_keepalive_intvl: 75,
  tcp_keepalive_probes: 9,
  tcp_syn_retries: 6,
  tcp_syn_linear_timeouts: 4,
};

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
  const { sendingMillis, idleMillis } = predict(options, SYSCTLS);
  const atLeast = options.userTimeoutMillis === 0 ? ' or more' : '';
  return `${inWords(sendingMillis)}${atLeast}, ${idleMillis === null ? 'never' : inWords(idleMillis)}`;
}

/** All probes but one: so many may go unanswered. */
function outageSurvived(options: TcpOptions): number {
  const { idleMillis } = predict(options, SYSCTLS);
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
