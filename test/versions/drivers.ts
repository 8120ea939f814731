import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url));
export const ADAPTERS = join(PACKAGES, 'adapters');
/** The versions that are tried, by the names that they have in `package.json`. */
export const DRIVERS = fileURLToPath(new URL('./node_modules', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly engines?: { readonly node?: string };
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The version that is tried under this name. */
export function versionOf(alias: string): string {
  return manifestIn(join(DRIVERS, alias)).version;
}

/** Why a driver does not run on this Node.js; `undefined` if it does. */
export function tooNew(alias: string): string | undefined {
  const { engines, version } = manifestIn(join(DRIVERS, alias));
  const [wanted] = /\d+(\.\d+)*/.exec(engines?.node ?? '') ?? [];
  if (wanted === undefined || !isBefore(process.versions.node, wanted)) return undefined;
  return `${alias} (${version}) asks for Node.js ${wanted}, and this is ${process.versions.node}`;
}

/** Which versions of its driver an adapter takes: the oldest of each major. */
export function oldestTaken(adapter: string, driver: string): string[] {
  const range = manifestIn(join(ADAPTERS, adapter)).peerDependencies?.[driver] ?? '';
  return range.split(' || ').map((each) => each.replace('^', ''));
}

/** The version with which the adapter is built and tested everywhere else. */
export function usualVersion(adapter: string, driver: string): string {
  return manifestIn(join(ADAPTERS, adapter, 'node_modules', driver)).version;
}

/** Whether `version` is what `^oldest` takes. */
export function isTakenFrom(oldest: string, version: string): boolean {
  const breaking = oldest.startsWith('0.') ? 2 : 1;
  const same = oldest.split('.').slice(0, breaking).join() === version.split('.').slice(0, breaking).join();
  return same && !isBefore(version, oldest);
}

function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, undefined, { numeric: true }) < 0;
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
