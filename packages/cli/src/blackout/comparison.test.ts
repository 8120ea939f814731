import { describe, expect, it } from 'vitest';
import { type ComparisonReport, formatComparison } from './comparison.js';
import { COMPUTED, HARDENED, row, STOCK } from './report.fixture.js';

const REPORT: ComparisonReport = {
  scenario: 'silent-cut',
  cutSeconds: 20,
  drivers: [
    { driver: 'pg', pools: [STOCK, HARDENED] },
    { driver: 'mysql2', missing: 'mariadbd is not installed' },
    { driver: 'net', pools: [HARDENED, STOCK] },
  ],
  computed: COMPUTED,
};

describe('the comparison for people', () => {
  const text = formatComparison(REPORT);

  it('has a row for each driver: stock and ours side by side', () => {
    expect(row(text, 'pg')).toEqual(['25.4 s', '11.0 s', '169', '0', 'none', '9.3 s', '5.4 s', '0.5 s']);
    expect(row(text, 'net')).toEqual(['11.0 s', '25.4 s', '0', '169', '9.3 s', 'none', '0.5 s', '5.4 s']);
  });

  it('is a table whose lines are all as long', () => {
    const lines = text.split('\n').filter((line) => /[│┌└┬┴]/.test(line));
    expect(lines).toHaveLength(6);
    expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
  });

  it('says who was left out, and why', () => {
    expect(row(text, 'mysql2')).toEqual([]);
    expect(text).toContain('Left out:\n  mysql2: mariadbd is not installed');
  });

  it('says what was done, and marks what was computed', () => {
    expect(text).toMatch(/^The cable to the server was cut silently for 20 s, then healed\. Measured:/);
    expect(text).toMatch(/Computed, not measured: .* 924\.6 s or more/);
  });

  it('has the counts, and nothing about a fault, where there was none', () => {
    const none = formatComparison({ ...REPORT, scenario: 'no-fault', reason: 'a lab needs Linux', cutSeconds: 0 });
    expect(none).toMatch(/^No cable was cut, for no lab can be made here: a lab needs Linux/);
    expect(row(none, 'pg')).toEqual(['500', '500', '66', '300', '0', '198', '25.4 s', '11.0 s']);
    expect(none).not.toMatch(/heal|Computed/);
  });
});
