// Checks what a user of the published packages would trip over: the exports maps and the types behind them. A package that was found
// right, and is the same to the byte, is not looked at again.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

const stamp = join(root, 'node_modules', '.lifeguard-packages');
const tarballs = mkdtempSync(join(tmpdir(), 'lifeguard-packages-'));
try {
  const packed = await pack();
  const known = knownToBeRight();
  const waiting = packed.filter(({ id }) => !known.includes(id));
  await Promise.all(Array.from({ length: availableParallelism() }, () => work(waiting)));
  if (!process.exitCode) writeFileSync(stamp, packed.map(({ id }) => `${id}\n`).join(''));
} finally {
  rmSync(tarballs, { recursive: true });
}

/** All at once, for npm takes longer to start than to pack. */
async function pack() {
  const folders = publishedPackages().map(({ folder }) => folder);
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', tarballs, ...folders], {
    cwd: root,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout).map(({ filename, integrity }) => ({
    file: join(tarballs, filename),
    id: `${integrity} ${judges()}`,
  }));
}

/** What the answer depends on besides the package. */
function judges() {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'scripts/check-packages.mjs']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function knownToBeRight() {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8').split('\n') : [];
}

async function work(waiting) {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    for (const tool of tools) await check(...tool(next.file));
  }
}

async function check(tool, args) {
  try {
    await run(join(root, 'node_modules/.bin', tool), args, { cwd: root });
  } catch ({ stdout, stderr }) {
    process.stderr.write(`${[tool, ...args].join(' ')}:\n${stdout}${stderr}\n`);
    process.exitCode = 1;
  }
}
