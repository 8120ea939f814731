import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packs every package as it would be published. Returns the packs, which are in the folder. */
export async function packAll(folder: string): Promise<string[]> {
  const { packageManager } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const pnpm = ['exec', '--yes', `--package=${packageManager}`, '--', 'pnpm'];
  const pack = ['--recursive', '--filter', './packages/**', 'pack', '--pack-destination', folder];
  await promisify(execFile)('npm', [...pnpm, ...pack], { cwd: root });
  return (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
}
