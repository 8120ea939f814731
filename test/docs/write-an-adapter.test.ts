import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
/** Name and text of every block of code in the guide that has a name. */
let blocks: Map<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeguard-guide-'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const guide = await readFile(join(root, 'docs/write-an-adapter.md'), 'utf8');
  const found = guide.matchAll(/<!-- (\S+\.mjs) -->\n```js\n(.*?)```\n/gs);
  blocks = new Map(Array.from(found, ([, name = '', text = '']) => [name, text]));
  for (const [name, text] of blocks) await writeFile(join(folder, name), text);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the adapter in the guide is complete in under 60 lines, and passes the conformance suite with the test in the guide', async () => {
  expect([...blocks.keys()]).toEqual(['smtp-factory.mjs', 'smtp-factory.test.mjs']);
  expect(blocks.get('smtp-factory.mjs')?.trimEnd().split('\n').length).toBeLessThan(60);

  const run = promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', 'smtp-factory.test.mjs'], {
    cwd: folder,
    // Otherwise node:test believes that it is run by another node:test.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const { stdout } = await run.catch(({ stdout }: { stdout: string }) => ({ stdout }));
  expect(stdout).not.toMatch(/^\s*not ok/m);
  expect(stdout).toMatch(/ok \d+ - isPermanent: a wrong password is told at once/);
  expect(stdout).toMatch(/ok \d+ - not lent dirty: a message under way/);
});
