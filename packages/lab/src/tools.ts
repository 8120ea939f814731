import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { LabUnavailableError } from './errors.js';

/** The commands that the lab is made with, and the Debian package that brings each. */
const PACKAGES = {
  erl: 'erlang-base',
  ip: 'iproute2',
  mariadbd: 'mariadb-server-core',
  mount: 'mount',
  'nats-server': 'nats-server',
  nft: 'nftables',
  nginx: 'nginx-light',
  nsenter: 'util-linux',
  pgbouncer: 'pgbouncer',
  'rabbitmq-server': 'rabbitmq-server',
  'redis-cli': 'redis-tools',
  'redis-server': 'redis-server',
  setpriv: 'util-linux',
  sh: 'dash',
  unshare: 'util-linux',
} as const;

export type Tool = keyof typeof PACKAGES;

const found = new Map<Tool, string>();

/**
 * The path of a command. An ordinary user's PATH often lacks the sbin folders, in which Debian keeps `ip` and `nft`.
 * @throws LabUnavailableError where it is not installed
 */
export function tool(name: Tool): string {
  const path = found.get(name) ?? search(name);
  if (path === undefined) {
    throw new LabUnavailableError(`the command ${name} is missing: install the package ${PACKAGES[name]}`);
  }
  found.set(name, path);
  return path;
}

/** @throws LabUnavailableError that names all that are missing */
export function requireTools(names: readonly Tool[]): void {
  const missing = names.filter((name) => search(name) === undefined);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => PACKAGES[name]))];
  throw new LabUnavailableError(
    `missing commands: ${missing.join(', ')}: install the packages ${packages.join(', ')} (Debian's names)`,
  );
}

/** Why what needs these commands can't be done on this machine; undefined if it can. */
export function unavailableWithout(names: readonly Tool[]): string | undefined {
  try {
    requireTools(names);
    return undefined;
  } catch (error) {
    return (error as LabUnavailableError).message;
  }
}

/** The environment for the lab's own commands: all of Debian's folders in PATH, and errors in English. */
export function toolEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: folders().join(':'), LC_ALL: 'C' };
}

function folders(): string[] {
  const own = (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  return [...own, '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
}

function search(name: Tool): string | undefined {
  return folders()
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
