import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pages, read, root } from './pages.js';

interface Block {
  readonly page: string;
  /** Of its first line of code. */
  readonly line: number;
  readonly language: 'ts' | 'js';
  readonly whyNotChecked: string | undefined;
  readonly code: string;
}

/** A comment in the line before a block says why it is not checked, or names its file: then the test of its page runs it. */
const BLOCK =
  /(?:^<!-- (?:(?<name>\S+\.mjs)|not checked: (?<why>[^\n]+)) -->\n)?^```(?<language>ts|js)\n(?<code>.*?)^```$/gms;

/** Pages whose blocks can't be checked here. */
const NOT_CHECKED: Readonly<Record<string, string>> = {
  'packages/adapters/http/README.md': '@types/node 20 has the types of undici 6 for fetch, and no others',
};

function blocksOf(page: string): Block[] {
  const text = read(page);
  return Array.from(text.matchAll(BLOCK), ({ index, 0: whole, groups = {} }) => ({
    page,
    line: text.slice(0, index + whole.indexOf('```')).split('\n').length + 1,
    language: groups['language'] as Block['language'],
    whyNotChecked: groups['name'] ? 'it is run' : (groups['why'] ?? NOT_CHECKED[page]),
    code: groups['code'] ?? '',
  }));
}

/** A name that leads back to the page. */
function fileOf({ page, line, language }: Block): string {
  return `${folderOf(page)}/${line}.${language === 'ts' ? 'mts' : 'mjs'}`;
}

function folderOf(page: string): string {
  return page.replaceAll('/', '_');
}

/** A program of a page need not use all that it shows, and is short; one in JavaScript says no types. */
const OPTIONS = {
  composite: false,
  declaration: false,
  declarationMap: false,
  noEmit: true,
  noUnusedLocals: false,
  noUnusedParameters: false,
  noPropertyAccessFromIndexSignature: false,
  moduleDetection: 'force',
};
const OPTIONS_BY_LANGUAGE = {
  ts: OPTIONS,
  js: { ...OPTIONS, allowJs: true, checkJs: true, strict: false, exactOptionalPropertyTypes: false },
} as const;

const blocks = pages().flatMap(blocksOf);
let folder: string;

beforeAll(async () => {
  await mkdir(join(root, 'test/docs/dist'), { recursive: true });
  folder = await mkdtemp(join(root, 'test/docs/dist/blocks-'));
  await copyFile(join(root, 'test/docs/given.d.mts'), join(folder, 'given.d.mts'));
  await linkPackages();
  for (const page of new Set(blocks.map(({ page }) => page))) {
    await mkdir(join(folder, folderOf(page)));
    // What a package's own page imports, its package has.
    const modules = join(root, dirname(page), 'node_modules');
    if (dirname(page) !== '.' && existsSync(modules))
      await symlink(modules, join(folder, folderOf(page), 'node_modules'));
  }
  for (const block of blocks) await writeFile(join(folder, fileOf(block)), block.code);
});

/** A page may import any package of ours, and by that package's own name too. */
async function linkPackages(): Promise<void> {
  const scope = join(folder, 'node_modules/@lifeguard');
  await mkdir(scope, { recursive: true });
  for (const parent of ['packages', 'packages/adapters'])
    for (const name of await readdir(join(root, parent)))
      if (existsSync(join(root, parent, name, 'package.json')))
        await symlink(join(root, parent, name), join(scope, name));
}

afterAll(() => rm(folder, { recursive: true, force: true }));

test.for(['ts', 'js'] as const)('every block of %s in the documentation has right types', async (language) => {
  const checked = blocks.filter((block) => block.language === language && block.whyNotChecked === undefined);
  expect(checked.length).toBeGreaterThan(5);
  for (const { page, line, whyNotChecked } of blocks)
    if (whyNotChecked !== undefined) console.log(`not checked: ${page}:${line}: ${whyNotChecked}`);

  const project = join(folder, `tsconfig.${language}.json`);
  await writeFile(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: OPTIONS_BY_LANGUAGE[language],
      files: ['given.d.mts', ...checked.map(fileOf)],
    }),
  );
  const tsc = join(root, 'node_modules/.bin/tsc');
  const run = promisify(execFile)(tsc, ['--project', project, '--pretty', 'false'], { cwd: folder });
  const { stdout } = await run.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => ({
    stdout: stdout + stderr,
  }));
  expect(stdout).toBe('');
});
