// `npm run test:nodes`: see USAGE.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FetchError, findNode } from './nodes.js';

const VERSIONS = ['20', '22', '24', '26'];
const USAGE = `Usage: npm run test:nodes -- [version…]

Runs the unit tests of packages/tcp and packages/register, then the table of drivers (npm run drivers -- --short), on several
versions of Node.js: ${VERSIONS.join(', ')}, or those named. npm fetches what is not the running one into node_modules/.cache.

Exit status: 0 all passed, 1 not all, 2 misused, 4 npm could not bring a version of Node.js.`;

const MISUSED = 2;
const NO_NODE = 4;
const root = fileURLToPath(new URL('../../..', import.meta.url));
const DRIVERS = fileURLToPath(new URL('main.js', import.meta.url));
const UNIT_TESTS = ['node_modules/vitest/vitest.mjs', 'run', 'packages/tcp', 'packages/register'];

/** @returns the exit status */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { help: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const versions = positionals.length > 0 ? positionals : VERSIONS;
  const failed: string[] = [];
  for (const wanted of versions) {
    const { version, file } = await findNode(wanted, say);
    say(`unit tests on Node.js ${version}`);
    if ((await run(file, UNIT_TESTS)) !== 0) failed.push(`unit tests on Node.js ${version}`);
  }
  if ((await run(process.execPath, [DRIVERS, '--short', '--node', versions.join(',')])) !== 0) failed.push('drivers');
  say(failed.length === 0 ? `all passed on Node.js ${versions.join(', ')}` : `failed: ${failed.join('; ')}`);
  return failed.length === 0 ? 0 : 1;
}

function run(file: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(file, args, { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

function say(text: string): void {
  process.stderr.write(`test:nodes: ${text}\n`);
}

function explain(error: unknown): number {
  const isMisuse = error instanceof TypeError && 'code' in error;
  if (!isMisuse && !(error instanceof FetchError)) throw error;
  say(error.message);
  return isMisuse ? MISUSED : NO_NODE;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
