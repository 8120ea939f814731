// Brings what the commands of this repository need: the packages of the lockfile (pnpm itself through npm), on
// Debian as root the two network tools of the fault lab, and the compiled packages.
//
// Everything it prints goes to stderr: stdout belongs to the command.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'node_modules', '.lifeguard-setup');

export function setup() {
  installPackages();
  installLabTools();
  compile();
}

function installPackages() {
  const wanted = lockfileHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  say(`installing the packages of pnpm-lock.yaml with ${packageManager} (a minute on a fresh machine)`);
  must('npm', [
    'exec',
    '--yes',
    '--loglevel=error',
    `--package=${packageManager}`,
    '--',
    'pnpm',
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    '--loglevel=warn',
  ]);
  writeFileSync(stamp, wanted);
}

function lockfileHash() {
  const hash = createHash('sha256')
    .update(process.version)
    .update(process.platform + process.arch);
  return hash.update(readFileSync(join(root, 'pnpm-lock.yaml'))).digest('hex');
}

/** The lab needs `ip`, `nft` and the servers that npm does not bring. Without them the commands go on, and say what they leave out. */
function installLabTools() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !onPath('apt-get')) return;
  const missing = [
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
    ['mariadbd', 'mariadb-server-core'],
    ['redis-server', 'redis-server'],
    ['nginx', 'nginx-light'],
    ['nats-server', 'nats-server'],
    ['rabbitmq-server', 'rabbitmq-server'],
    ['pgbouncer', 'pgbouncer'],
    ['chromium', 'chromium'],
  ]
    .filter(([tool]) => !onPath(tool))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  say(`installing ${missing.join(', ')} with apt-get, for the fault lab`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2], env }).status === 0;
  const installed = withoutServices(
    () =>
      apt('install', '-y', '--no-install-recommends', ...missing) ||
      (apt('update') && apt('install', '-y', '--no-install-recommends', ...missing)),
  );
  if (!installed) say('apt-get could not install them; what needs the lab will say so');
}

/** Debian starts a server that it installs, unless this file forbids it (invoke-rc.d(8)). The lab starts its own. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return install();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(policy);
  }
}

function onPath(tool) {
  const folders = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function compile() {
  must(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--build']);
}

function must(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  say(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with status ${status}`}`);
  process.exit(status || 1);
}

function say(text) {
  process.stderr.write(`lifeguard: ${text}\n`);
}
