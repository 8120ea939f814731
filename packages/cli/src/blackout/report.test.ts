import { describe, expect, it } from 'vitest';
import { COMPUTED, HARDENED, row, STOCK } from './report.fixture.js';
import { type BlackoutReport, formatReport } from './report.js';

const REPORT: BlackoutReport = {
  scenario: 'silent-cut',
  driver: 'pg',
  cutSeconds: 20,
  tcp: HARDENED.tcp,
  pools: [STOCK, HARDENED],
  computed: COMPUTED,
};

describe('the report for people', () => {
  const text = formatReport(REPORT);

  it('puts what was measured of the two pools side by side', () => {
    expect(row(text, 'longest wait')).toEqual(['25.4 s', '11.0 s']);
    expect(row(text, 'from the cut to the first error')).toEqual(['none came', '9.3 s']);
    expect(row(text, 'stuck at the end of the cut')).toEqual(['169', '0']);
    expect(row(text, 'from healing to the first answer')).toEqual(['5.4 s', '0.5 s']);
    expect(row(text, 'neither, when the run ended')).toEqual(['434', '2']);
  });

  it('says which errors there were', () => {
    expect(text).toContain('188 ERR_POOL_ACQUIRE_TIMEOUT');
  });

  it('says what it means by stuck', () => {
    expect(text).toContain('Stuck is what has neither an answer nor an error after 11.5 s');
  });

  it('marks what was computed as computed, apart from what was measured', () => {
    const [measured, computed] = text.split('Computed, not measured');
    expect(measured).not.toContain('924.6 s');
    expect(computed).toContain('924.6 s or more');
    expect(computed).toContain('7875.0 s');
  });

  it('shows the options as the kernel has them', () => {
    expect(text).toMatch(
      /pg\.Pool +keepAlive false, userTimeoutMillis 0\n +@lifeguard\/pg +keepAlive true, userTimeout/,
    );
  });

  it('computes nothing where the sysctls are not known', () => {
    expect(formatReport({ ...REPORT, computed: null })).not.toContain('Computed');
  });
});

describe('the report of another driver and another scenario', () => {
  const tcp = { keepAlive: true, keepAliveIdleMillis: 7_200_000, keepAliveIntervalMillis: 75_000, keepAliveCount: 9 };
  const pools = [
    { ...STOCK, name: 'ioredis', tcp },
    { ...HARDENED, name: '@lifeguard/ioredis' },
  ];
  const text = formatReport({ ...REPORT, driver: 'ioredis', scenario: 'power-off', pools });

  it('says what has been, in the words of the driver', () => {
    expect(text).toMatch(/^The server’s host had no power for 20 s; then it was started, and the server on it\./);
    expect(row(text, 'requests sent')).toEqual(['500', '500']);
    expect(row(text, 'stuck at the end of the fault')).toEqual(['169', '0']);
  });

  it('says how the two were made', () => {
    expect(text).toContain('duplicates for BLPOP');
  });

  it('computes by the keepalive that the driver turns on', () => {
    expect(text).toContain(
      '7875.0 s, if the server had received it, by the keepalive that ioredis turns on (after 7200.0 s,',
    );
    expect(text).not.toContain('for ever');
  });
});

describe('the report of a run without a fault', () => {
  const text = formatReport({ ...REPORT, scenario: 'no-fault', reason: 'a lab needs Linux', cutSeconds: 0 });

  it('says why there was none', () => {
    expect(text).toContain('No cable was cut, for no lab can be made here: a lab needs Linux');
  });

  it('has the counts and the options, and nothing about a cut', () => {
    expect(row(text, 'queries sent')).toEqual(['500', '500']);
    expect(text).toContain('userTimeoutMillis 10000');
    expect(text).not.toMatch(/healing|stuck|Computed/i);
  });
});
