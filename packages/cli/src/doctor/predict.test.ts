import { resolveTcpOptions } from '@lifeguard/tcp';
import { describe, expect, it } from 'vitest';
import { LINUX } from './linux.fixture.js';
import { predict, predictConnect, predictStock } from './predict.js';
import { tcpOptions } from './tcp-options.fixture.js';

function silence(idle: number, interval: number, count: number, userTimeout: number): number | null {
  const { idleMillis, waitingMillis } = predict(tcpOptions(idle, interval, count, userTimeout), LINUX);
  expect(waitingMillis).toBe(idleMillis);
  return idleMillis;
}

describe('the prediction for an idle or waiting connection', () => {
  it('is the idle time and as many intervals as the count says, without a user timeout', () => {
    expect(silence(2, 1, 3, 0)).toBe(5000);
    expect(silence(10, 5, 1, 0)).toBe(15_000);
  });

  it('is the first look of the kernel at or after the user timeout, whatever the count is', () => {
    expect(silence(5, 1, 3, 10)).toBe(10_000);
    expect(silence(5, 1, 100, 10)).toBe(10_000);
    expect(silence(2, 3, 1, 9)).toBe(11_000);
    expect(silence(2, 1, 3, 4.5)).toBe(5000);
  });

  it('is one interval after the first probe where the user timeout is over before that', () => {
    expect(silence(5, 1, 3, 2)).toBe(6000);
    expect(silence(5, 7, 3, 2)).toBe(12_000);
  });

  it('takes the times of keepalive in whole seconds, as the kernel is given them', () => {
    expect(silence(1.2, 0.5, 2, 0)).toBe(4000);
  });

  it('is never when keepalive is off, also with a user timeout', () => {
    const without = predict({ ...tcpOptions(5, 1, 3, 10), keepAlive: false }, LINUX);
    expect(without).toMatchObject({ idleMillis: null, waitingMillis: null });
  });
});

describe('the prediction for a sending connection', () => {
  it('is the user timeout after the first retransmission, whatever keepalive is', () => {
    expect(predict(tcpOptions(5, 1, 3, 10), LINUX).sendingMillis).toBe(10_400);
    expect(predict({ ...tcpOptions(5, 1, 3, 10), keepAlive: false }, LINUX).sendingMillis).toBe(10_400);
    expect(predict(tcpOptions(5, 1, 3, 10), { ...LINUX, tcp_rto_min_us: 50_000 }).sendingMillis).toBe(10_100);
  });

  it('is the limit of tcp_retries2 without a user timeout', () => {
    expect(predict(tcpOptions(5, 1, 3, 0), LINUX).sendingMillis).toBe(924_600);
    expect(predict(tcpOptions(5, 1, 3, 0), { ...LINUX, tcp_retries2: 3 }).sendingMillis).toBe(3000);
  });
});

it('predicts ten seconds and a bit by the defaults of Lifeguard', () => {
  expect(predict(resolveTcpOptions({}, { env: {} }), LINUX)).toEqual({
    idleMillis: 10_000,
    waitingMillis: 10_000,
    sendingMillis: 10_400,
  });
});

it('predicts 15 min and 2 h by the defaults of Linux', () => {
  expect(predictStock(LINUX)).toEqual({ idleMillis: 7_875_000, waitingMillis: 7_875_000, sendingMillis: 924_600 });
});

describe('the prediction for a connect', () => {
  it('is what the kernel documents: 131 s, and 127 s for kernels without linear timeouts', () => {
    expect(predictConnect(LINUX)).toBe(131_000);
    expect(predictConnect({ ...LINUX, tcp_syn_linear_timeouts: 0 })).toBe(127_000);
  });

  it('has no pause longer than the longest', () => {
    expect(predictConnect({ ...LINUX, tcp_syn_linear_timeouts: 0, tcp_rto_max_ms: 10_000 })).toBe(45_000);
  });
});
