import { describe, expect, it } from 'vitest';
import { SCENARIO_NAMES, SCENARIOS } from './scenarios.js';

describe.each(SCENARIO_NAMES)('the scenario %s', (name) => {
  it('tells in a sentence what befell the server, and for how long', () => {
    expect(SCENARIOS[name].past).toMatch(/^[A-Z].*\{for\}.*\.$/);
  });

  it('has one short line in the help', () => {
    expect(SCENARIOS[name].summary).toMatch(/^[^\n]{20,115}$/);
  });
});
