import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { ProcessFiles } from './process-files.js';

const isLinux = process.platform === 'linux';
if (!isLinux) console.warn('left out: what /proc tells of a process, which only Linux has');

test.runIf(isLinux)('the name of a process has nothing in it that a terminal would take for a command', async () => {
  const rename = 'printf "\\033[2Jbad\\nname" > /proc/$$/comm; echo renamed; read -r forever';
  const child = spawn('sh', ['-c', rename], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(new ProcessFiles(child.pid ?? 0).name()).toBe('[2Jbadname');
});
