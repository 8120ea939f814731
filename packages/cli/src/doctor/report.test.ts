import { capabilities, resolveTcpOptions } from '@lifeguard/tcp';
import { describe, expect, it } from 'vitest';
import { type DoctorReport, formatReport } from './report.js';

const tcp = resolveTcpOptions({}, { env: {} });

const ELSEWHERE: DoctorReport = {
  healthy: true,
  problems: [],
  warnings: [],
  kernel: null,
  lifeguard: { enabled: true, options: tcp, noticedAfter: null },
  capabilities: {
    ...capabilities(),
    platform: 'win32',
    verified: false,
    supported: { ...capabilities().supported, userTimeout: { ok: false, reason: 'no file descriptor' } },
  },
  targets: [],
};

describe('the report for people', () => {
  it('computes nothing outside Linux, and says so; and what can’t be done and why', () => {
    const text = formatReport(ELSEWHERE);
    expect(text).toContain('Not computed: how long it waits is known for Linux only, and this is win32.');
    expect(text).not.toMatch(/noticed after/);
    expect(text).toMatch(/user timeout +no: no file descriptor/);
    expect(text).toContain('never run');
  });

  it('says that a limit without a user timeout is a lower one, and never where it is never', () => {
    const noticedAfter = { idleMillis: null, waitingMillis: null, sendingMillis: 924_600 };
    const options = { ...tcp, keepAlive: false, userTimeoutMillis: 0 };
    const text = formatReport({ ...ELSEWHERE, lifeguard: { enabled: true, options, noticedAfter } });
    expect(text).toContain('after 15 min 24 s or more while sending, never while waiting, never while idle.');
  });

  it('makes nothing of it when Lifeguard is off', () => {
    const lifeguard = { ...ELSEWHERE.lifeguard, enabled: false };
    expect(formatReport({ ...ELSEWHERE, lifeguard })).toContain('Nothing: LIFEGUARD_ENABLED is off.');
  });

  it('ends with what is wrong, else with the warnings, else with that all is well', () => {
    expect(formatReport(ELSEWHERE)).toMatch(/\nAll is well\.$/);
    const warnings = [{ text: 'mind the gap', source: 'https://example.org/gap' }];
    const warned = formatReport({ ...ELSEWHERE, warnings });
    expect(warned).toContain('- mind the gap\n    https://example.org/gap');
    expect(warned).toMatch(/see the warnings\.$/);
    expect(formatReport({ ...ELSEWHERE, warnings, problems: ['it is off'] })).toMatch(/\nWrong\n {2}- it is off$/);
  });
});
