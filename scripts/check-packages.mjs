// Checks what a user of the published packages would trip over: the exports maps and the types behind them.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publishedPackages, root } from './workspace.mjs';

const run = promisify(execFile);
const tools = [
  (tarball) => ['publint', ['run', tarball, '--strict']],
  // The packages are ES modules, which Node 20.19 can `require()`.
  (tarball) => ['attw', [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']],
];

const folder = mkdtempSync(join(tmpdir(), 'lifeguard-packages-'));
try {
  const tarballs = await pack();
  const checks = tarballs.flatMap((tarball) => tools.map((tool) => tool(tarball)));
  await Promise.all(Array.from({ length: availableParallelism() }, () => work(checks)));
} finally {
  rmSync(folder, { recursive: true });
}

/** All at once, for npm takes longer to start than to pack. */
async function pack() {
  const folders = publishedPackages().map((each) => each.folder);
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder, ...folders], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout).map(({ filename }) => join(folder, filename));
}

async function work(checks) {
  for (let check = checks.shift(); check; check = checks.shift()) await perform(check);
}

async function perform([tool, args]) {
  try {
    await run(join(root, 'node_modules/.bin', tool), args, { cwd: root });
  } catch ({ stdout, stderr }) {
    process.stderr.write(`${[tool, ...args].join(' ')}:\n${stdout}${stderr}\n`);
    process.exitCode = 1;
  }
}
