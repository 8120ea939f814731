// Runs one of the repository's commands (see `tasks`), on a clone on which nothing was installed too.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules/.bin', name);
const node = process.execPath;

/** Each task: the commands that it runs one after the other; what the user adds goes to the last. */
const tasks = {
  start: [[node, 'packages/cli/dist/main.js', 'blackout']],
  test: [[bin('vitest'), 'run']],
  build: [],
  check: [
    [bin('biome'), 'check', '--error-on-warnings', '.'],
    [bin('tsc'), '--project', 'tsconfig.test.json'],
    [node, 'scripts/check-packages.mjs'],
    [node, 'scripts/docs.mjs', '--check'],
  ],
  format: [[bin('biome'), 'check', '--write', '.']],
  docs: [[node, 'scripts/docs.mjs']],
  bench: [[node, 'test/bench/main.mjs']],
  soak: [[node, 'test/soak/dist/main.js']],
  faults: [[node, 'test/faults/main.mjs']],
  mutate: [[node, 'test/mutation/dist/main.js']],
  drivers: [[node, 'test/drivers/dist/main.js']],
  'test:nodes': [[node, 'test/drivers/dist/test-nodes.js']],
};

const [name, ...added] = process.argv.slice(2);
const commands = tasks[name];
if (!commands) {
  process.stderr.write(`lifeguard: no task named ${name}; there are ${Object.keys(tasks).join(', ')}\n`);
  process.exit(2);
}

setup();
for (const [index, [command, ...args]] of commands.entries()) {
  const more = index === commands.length - 1 ? added : [];
  const status = await run(command, [...args, ...more]);
  if (status !== 0) process.exit(status);
}

/** Runs a command to its end, for a signal too: what it has made, it clears away itself. */
function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  // Ctrl-C reaches the child by itself: it is of the same group.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`lifeguard: ${command}: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
  });
}
