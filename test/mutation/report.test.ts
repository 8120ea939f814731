import { expect, test } from 'vitest';
import type { Finding } from './examine.js';
import { formatFinding, formatSummary, isFault } from './report.js';

function finding(
  verdict: Finding['verdict'],
  { accepted, detail }: { accepted?: string; detail?: string } = {},
): Finding {
  const mutation = {
    rule: 3,
    promise: 'it ends',
    file: 'a.ts',
    remove: 'end();',
    tests: [],
    ...(accepted && { accepted }),
  };
  return { mutation, verdict, millis: 1234, ...(detail && { detail }) } as Finding;
}

test('code that no test misses is a fault, unless the table says why', () => {
  expect(isFault(finding('survived'))).toBe(true);
  expect(isFault(finding('survived', { accepted: 'it is dead' }))).toBe(false);
});

test('what was killed is none, and what could not be tried or failed by chance is one', () => {
  expect([finding('killed'), finding('unsteady'), finding('broken')].map(isFault)).toEqual([false, true, true]);
});

test('a finding tells what failed', () => {
  expect(formatFinding(finding('killed', { detail: '"a test"' }))).toBe(
    'killed    rule 3: it ends (1.2 s)\n          "a test"',
  );
});

test('a survivor is told with the reason why it may, and one that no longer survives is told, too', () => {
  const survivors = [
    finding('survived'),
    finding('survived', { accepted: 'why' }),
    finding('killed', { accepted: 'why' }),
  ];
  const summary = formatSummary(survivors);
  expect(summary).toContain('rule  3  1 of 3 killed');
  expect(summary).toContain('survived: it ends (a.ts): NOT ACCEPTED');
  expect(summary).toContain('survived: it ends (a.ts): why');
  expect(summary).toContain('no longer survives, and need not be accepted: it ends (a.ts)');
  expect(summary).toContain('1 of 3 mutations killed, 1 to be seen to');
});
