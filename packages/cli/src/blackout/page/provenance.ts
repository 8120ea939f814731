import { readFileSync } from 'node:fs';
import { cpus, machine, release, type as systemName } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Sysctls } from '../../doctor/sysctls.js';

/** Where a page comes from: titles, and what is to be said under each. */
export type Provenance = readonly (readonly [title: string, text: string])[];

/**
 * The machine that this process runs on, and what runs on it.
 *
 * @param packages of npm, those that are not installed are left out
 * @param sysctls of the network in which the run was
 */
export function readProvenance(packages: readonly string[], sysctls: Sysctls | undefined): Provenance {
  const [cpu] = cpus();
  const own = packageIn(new URL('../../../package.json', import.meta.url));
  const versions = packages.flatMap((name) => versionOf(name) ?? []);
  return [
    ['lifeguard', own?.version ?? ''],
    ['drivers', versions.join(', ')],
    ['Node.js', process.version],
    ['kernel', `${systemName()} ${release()}, ${machine()}`],
    ['processor', `${cpus().length} × ${cpu?.model.trim() || 'of unknown kind'}`],
    [
      'sysctls',
      Object.entries(sysctls ?? {})
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
  ].filter((fact): fact is [string, string] => fact[1] !== '');
}

/** As `pg 8.16.3`; `undefined` if it is not installed, or part of Node.js. */
function versionOf(name: string): string | undefined {
  const url = resolve(name);
  if (!url?.startsWith('file:')) return undefined;
  for (let folder = new URL('.', url); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const found = packageIn(new URL('package.json', folder));
    // A package may have others in it, such as one that says that a folder has ES modules.
    if (found?.name === name) return `${name} ${found.version}`;
  }
  return undefined;
}

function resolve(name: string): string | undefined {
  try {
    return import.meta.resolve(name);
  } catch {
    return undefined;
  }
}

function packageIn(file: URL): { readonly name?: string; readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(fileURLToPath(file), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
