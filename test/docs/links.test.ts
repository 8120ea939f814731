import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { pages, read, root } from './pages.js';

/** What is shown as it is: blocks of code, code in a line, comments. A heading's code is part of its name, though. */
function withoutCode(text: string): string {
  return text
    .replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/`[^`\n]*`/g, '');
}

/** `[text](target)`, and images; not those that lead elsewhere. */
function targetsOf(page: string): string[] {
  const links = withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g);
  return Array.from(links, ([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors of a page's headings, as GitHub makes them, and those that it has itself. */
function anchorsOf(page: string): Set<string> {
  const text = read(page).replace(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '');
  const headings = text.matchAll(/^#{1,6} (.+)$/gm);
  const anchors = new Set<string>(Array.from(text.matchAll(/<a id="([^"]+)">/g), ([, id = '']) => id));
  for (const [, heading = ''] of headings) {
    const anchor = slugOf(heading);
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number += 1) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
}

function slugOf(heading: string): string {
  const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

/** What is wrong with a link, or `undefined`. */
function faultOf(page: string, target: string): string | undefined {
  const [path = '', anchor] = decodeURI(target).split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, file))) return `${page}: there is no ${file}`;
  if (anchor === undefined) return undefined;
  if (statSync(join(root, file)).isDirectory() || !file.endsWith('.md')) return `${page}: ${file} has no anchors`;
  return anchorsOf(file).has(anchor) ? undefined : `${page}: ${file} has no #${anchor}`;
}

test('every relative link of the documentation leads somewhere', () => {
  const links = pages().flatMap((page) => targetsOf(page).map((target) => ({ page, target })));
  expect(links.length).toBeGreaterThan(50);
  const faults = links.map(({ page, target }) => faultOf(page, target)).filter((fault) => fault !== undefined);
  expect(faults).toEqual([]);
});

test('every page of docs is named in the README, or in the first page of its folder', () => {
  const unnamed = pages().filter((page) => {
    if (!page.startsWith('docs/') || page.endsWith('/README.md')) return false;
    const [, folder] = page.split('/', 2);
    const isIn = existsSync(join(root, 'docs', folder ?? '', 'README.md'));
    return !namesOf(isIn ? `docs/${folder}/README.md` : 'README.md').has(page);
  });
  expect(unnamed).toEqual([]);
  expect(namesOf('README.md')).toContain('docs/api/README.md');
});

/** The pages that a page leads to. */
function namesOf(page: string): Set<string> {
  const paths = targetsOf(page).map((target) => target.split('#')[0] ?? '');
  return new Set(paths.map((path) => normalize(join(dirname(page), path))));
}
