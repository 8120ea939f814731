// `npm run faults`: see USAGE.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { documentOf, summaryOf } from './report.mjs';

const USAGE = `Usage: npm run faults -- [options]

Runs the fault matrix: for every adapter seven faults, in each state that its connections can be in, plain and over TLS, on real
servers in the lab. Prints who was told what, and when. About four minutes.

Options:
  --write   write it into docs/faults.md, and its summary into README.md
  --json    print one JSON object, adapter name to cells, and nothing else on stdout; progress goes to stderr
  --help    print this

Exit status: 0 all promises kept, 1 not all, 2 misused.`;

const MISUSED = 2;
const root = fileURLToPath(new URL('../..', import.meta.url));

const { write, json, help } = readArguments();
if (help) {
  console.log(USAGE);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'lifeguard-faults-'));
  process.exitCode = await runMatrices(folder);
  const matrices = readCells(folder);
  rmSync(folder, { recursive: true });
  if (json) console.log(JSON.stringify(matrices));
  else console.log(documentOf(matrices));
  if (write && process.exitCode === 0) writeDocuments(matrices);
}

function readArguments() {
  const options = { write: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } };
  try {
    return parseArgs({ options: /** @type {const} */ (options) }).values;
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
    process.exit(MISUSED);
  }
}

/** @param {string} folder @returns {Promise<number>} the exit status */
function runMatrices(folder) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', 'test/faults'], {
    cwd: root,
    env: { ...process.env, FAULTS_REPORT: folder },
    stdio: ['ignore', 2, 2],
  });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

/** @param {string} folder @returns {import('./report.mjs').Matrices} */
function readCells(folder) {
  const files = readdirSync(folder).sort();
  return Object.fromEntries(
    files.map((file) => [basename(file, '.json'), JSON.parse(readFileSync(join(folder, file), 'utf8'))]),
  );
}

/** @param {import('./report.mjs').Matrices} matrices */
function writeDocuments(matrices) {
  writeFileSync(join(root, 'docs/faults.md'), documentOf(matrices));
  const readme = join(root, 'README.md');
  const block = /(<!-- made by `npm run faults -- --write` -->\n)[\s\S]*?(\n<!-- end -->)/;
  const text = readFileSync(readme, 'utf8');
  writeFileSync(
    readme,
    text.replace(block, (_, start, end) => `${start}${summaryOf(matrices)}${end}`),
  );
}
