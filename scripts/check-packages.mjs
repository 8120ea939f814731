// Checks what a user of the published packages would trip over: the exports maps and the types behind them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { publishedPackages, root } from './workspace.mjs';

const run = promisify(execFile);
const tools = [
  (folder) => ['publint', ['run', folder, '--strict', '--pack', 'npm']],
  // The packages are ES modules, which Node 20.19 can `require()`.
  (folder) => ['attw', ['--pack', folder, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji']],
];

const problems = [];
for (const { folder, manifest } of publishedPackages()) {
  const results = await Promise.allSettled(
    tools.map((tool) => {
      const [name, args] = tool(folder);
      return run(`${root}/node_modules/.bin/${name}`, args, { cwd: root });
    }),
  );
  for (const { status, reason } of results) {
    if (status === 'rejected') problems.push(`${manifest.name}:\n${reason.stdout}${reason.stderr}`);
  }
}
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n`);
  process.exit(1);
}
