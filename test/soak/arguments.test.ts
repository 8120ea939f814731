import { expect, test } from 'vitest';
import { run } from './run.fixture.js';

test('--help says what is done, and what the options are', async () => {
  const { status, stdout } = await run('main', ['--help']);
  expect(status).toBe(0);
  for (const option of ['--only', '--minutes', '--faults', '--seed', '--json']) expect(stdout).toContain(option);
});

test.each([
  ['--only', 'everything'],
  ['--minutes', '0'],
  ['--minutes', ''],
  ['--faults', '1.5'],
  ['--seed', '-1'],
  ['--quickly', ''],
  ['loss', ''],
])('%s %s: refused, before anything is started', async (...args) => {
  const { status, stdout } = await run('main', args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});
