import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REGISTER = fileURLToPath(import.meta.resolve('@lifeguard/register'));

/** What it writes to stdout; `npm run bench -- --only register` tells what it takes. */
async function output([file = '', ...args]: readonly string[], NODE_OPTIONS: string): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS, LIFEGUARD_LOG_LEVEL: 'debug' };
  const { stdout, stderr } = await run(file, args, { cwd: ROOT, env });
  if (NODE_OPTIONS !== '') expect(stderr).toMatch(/^lifeguard: hardening TCP connections/);
  return stdout;
}

test.each(['npm --version', 'npm pkg get name engines', 'npx --no tsc --version', 'npx --no vitest --version'])(
  '%s writes what it does without the variable',
  async (line) => {
    const command = line.split(' ');
    expect(await output(command, `--import ${REGISTER}`)).toBe(await output(command, ''));
  },
);

test('a test runner passes its tests, on its workers', async () => {
  const command = ['npx', '--no', 'vitest', 'run', '--reporter=json', 'packages/register/src/hosts.test.ts'];
  const { success, numPassedTests } = JSON.parse(await output(command, `--import ${REGISTER}`));
  expect({ success, numPassedTests }).toEqual({ success: true, numPassedTests: expect.any(Number) });
  expect(numPassedTests).toBeGreaterThan(0);
});
