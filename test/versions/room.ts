import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ADAPTERS, DRIVERS, PACKAGES } from './drivers.js';

/** The service of each adapter's fault matrix, and a program that uses the adapter as others do. */
const PROGRAMS = ['../faults', './use'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));

/** A folder in which an adapter finds other versions of its drivers than the workspace has. */
export interface Room {
  /** Uses the adapter, and then is the service of its fault matrix. */
  readonly program: URL;
  remove(): Promise<void>;
}

/**
 * @param adapter the name of its folder
 * @param aliases the drivers' names, and the names that they have in `package.json`
 */
export async function makeRoom(adapter: string, aliases: Readonly<Record<string, string>>): Promise<Room> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeguard-versions-'));
  const inside = (name: string) => join(folder, 'node_modules', name);
  await mkdir(inside('@lifeguard'), { recursive: true });
  // A copy: Node.js looks for a package beside the file that asks for it, wherever links to that file stand.
  for (const part of ['dist', 'package.json']) {
    await cp(join(ADAPTERS, adapter, part), join(inside(`@lifeguard/${adapter}`), part), { recursive: true });
  }
  for (const name of ['pool', 'tcp']) await symlink(join(PACKAGES, name), inside(`@lifeguard/${name}`));
  for (const [driver, alias] of Object.entries(aliases)) {
    await mkdir(dirname(inside(driver)), { recursive: true });
    await symlink(await realpath(join(DRIVERS, alias)), inside(driver));
  }
  const filter = (path: string) => ['', '.mjs'].includes(extname(path));
  for (const programs of PROGRAMS) await cp(programs, folder, { recursive: true, filter });
  const program = join(folder, 'main.mjs');
  await writeFile(program, `await import('./${adapter}.mjs');\nawait import('./${adapter}-client.mjs');\n`);
  return { program: pathToFileURL(program), remove: () => rm(folder, { recursive: true }) };
}
