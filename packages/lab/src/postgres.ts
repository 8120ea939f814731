import { randomUUID } from 'node:crypto';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Certificate } from './certificate.js';
import { LabError } from './errors.js';
import type { Host } from './host.js';
import { type PostgresPackage, postgresPackage } from './postgres-package.js';
import { childrenOf, sendSignal, state, until } from './proc.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import type { Site } from './site.js';
import { startOn } from './start-on.js';

/** How a PostgreSQL is started. */
export interface PostgresOptions {
  /** Default: 5432 on a host, any free port on loopback. */
  readonly port?: number;
  /** Of the user `postgres`. Default: a random one. It is really asked for, with SCRAM-SHA-256. */
  readonly password?: string;
  /** Whether it speaks TLS too, with a certificate that signs itself, see `ca`. Default: no. */
  readonly tls?: boolean;
  /** Settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts a real PostgreSQL with an empty database, on a host of the lab, or on this machine's loopback address, for
 * which no lab is needed. Settles when it answers. It is made to be thrown away: its data live in memory (on loopback
 * where no namespace can be made: in a temporary folder), and it never syncs.
 *
 * @throws LabError if the package with PostgreSQL is not installed, or the server does not start: with the last lines
 * of its log
 */
export async function startPostgres(where: Host | 'loopback', options: PostgresOptions = {}): Promise<Postgres> {
  return startOn(where, (site) => Postgres.start(site, options));
}

/** A running PostgreSQL, and all that a client must know of it. */
export class Postgres implements AsyncDisposable {
  /** An IPv4 address. On a host it answers at the host's IPv6 address too. */
  readonly host: string;
  readonly port: number;
  readonly user: string = 'postgres';
  readonly password: string;
  readonly database: string = 'postgres';
  /** For clients to trust, PEM; undefined without TLS. It names the host and its addresses, and belongs to the host. */
  readonly ca: string | undefined;
  /** User, password and database, no word of TLS. */
  readonly connectionString: string;
  readonly #site: Site;
  readonly #files: PostgresPackage;
  readonly #settings: Readonly<Record<string, string>>;
  #process: LabProcess;

  private constructor(site: Site, files: PostgresPackage, facts: Facts, process: LabProcess) {
    this.host = site.address;
    this.port = facts.port;
    this.password = facts.password;
    this.ca = facts.ca;
    const login = `${this.user}:${encodeURIComponent(this.password)}`;
    this.connectionString = `postgres://${login}@${this.host}:${this.port}/${this.database}`;
    this.#site = site;
    this.#files = files;
    this.#settings = facts.settings;
    this.#process = process;
  }

  /** @internal */
  static async start(site: Site, options: PostgresOptions): Promise<Postgres> {
    const files = postgresPackage();
    const password = options.password ?? randomUUID();
    const certificate = options.tls ? site.certificate() : undefined;
    await initialize(site, files, password, certificate);
    const port = options.port ?? (await site.port(5432));
    const settings = {
      ...QUICK,
      ...(certificate && { ssl: 'on' }),
      ...options.settings,
      listen_addresses: site.listen,
      port: String(port),
    };
    const process = await serve(site, files, settings);
    return new Postgres(site, files, { port, password, ca: certificate?.certificate, settings }, process);
  }

  /**
   * The postmaster: the process that listens, and the parent of those that serve the connections. Another one after
   * each `restart`.
   */
  get process(): LabProcess {
    return this.#process;
  }

  /** Kills all its processes at once, as the out-of-memory killer would. Their kernel closes their connections. */
  async kill(): Promise<void> {
    if (!this.#process.running) return;
    // Frozen first, so that none is born while we look for them.
    await this.#process.freeze();
    const pids = childrenOf(this.#process.pid);
    for (const pid of pids) sendSignal(pid, 'SIGKILL');
    this.#process.kill('SIGKILL');
    await this.#process.exited;
    await until('PostgreSQL ends', () => pids.every((pid) => state(pid) === undefined));
  }

  /** Stops all its processes, as a stalled disk would: connections are accepted by the kernel, nothing answers. */
  async freeze(): Promise<void> {
    await this.#process.freeze();
    const pids = childrenOf(this.#process.pid);
    for (const pid of pids) sendSignal(pid, 'SIGSTOP');
    await until('PostgreSQL stops', () => pids.every((pid) => (state(pid) ?? 'T') === 'T'));
  }

  /** Lets them all go on. */
  async thaw(): Promise<void> {
    for (const pid of childrenOf(this.#process.pid)) sendSignal(pid, 'SIGCONT');
    await this.#process.thaw();
  }

  /** Shuts it down in order: its clients are told, their transactions rolled back. The data stay for `restart`. */
  async stop(): Promise<void> {
    if (!this.#process.running) return;
    await this.thaw();
    this.#process.kill('SIGINT');
    await this.#process.exited;
  }

  /**
   * Starts it again on the same data, having killed it if it runs. After a power failure there are none: start another.
   * @throws LabError if it does not start
   */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = await serve(this.#site, this.#files, this.#settings);
  }

  /** Ends it, and removes its data. */
  async close(): Promise<void> {
    await this.kill();
    await this.#site.close();
  }

  /** For `await using`: `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface Facts {
  readonly port: number;
  readonly password: string;
  readonly ca: string | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

const QUICK = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '32MB',
  // No socket in a folder that others share.
  unix_socket_directories: '',
};

// Runs in the site's folder, which it makes. Its arguments are the initdb command.
const INITIALIZE = `
umask 077
if ! [ -x "$1" ]; then
  echo "$1 is out of reach for $(id -un), who is to run it: put it where all may go, or run as an ordinary user" >&2
  exit 1
fi
export DYLD_LIBRARY_PATH="$LD_LIBRARY_PATH" # which the sh of macOS drops
mkdir -p -- "$FOLDER/lib"
cd -- "$FOLDER"
echo "$LINKS" | while read -r name file; do ln -s -- "$file" "lib/$name"; done
printf %s "$PASSWORD" > password
"$@"
rm password
echo 'host all all all scram-sha-256' > data/pg_hba.conf
[ -n "$KEY" ] || exit 0
printf %s "$KEY" > data/server.key
printf %s "$CERTIFICATE" > data/server.crt
`;

async function initialize(
  site: Site,
  files: PostgresPackage,
  password: string,
  certificate: Certificate | undefined,
): Promise<void> {
  const initdb = [files.initdb, '--pgdata=data', '--username=postgres', '--pwfile=password', '--auth=scram-sha-256'];
  const quick = ['--encoding=UTF8', '--no-locale', '--no-sync', '--no-instructions'];
  const work = await site.spawn('sh', ['-euc', INITIALIZE, 'sh', ...initdb, ...quick], {
    env: {
      ...environment(site, files),
      FOLDER: site.folder,
      LINKS: files.links.map(({ name, file }) => `${name} ${file}`).join('\n'),
      PASSWORD: password,
      KEY: certificate?.key ?? '',
      CERTIFICATE: certificate?.certificate ?? '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, { code, signal }] = await Promise.all([text(work.stdout), text(work.stderr), work.exited]);
  if (code !== 0) throw new LabError(`initdb ended with ${code ?? signal}: ${err.trim() || out.trim()}`);
}

function environment(site: Site, files: PostgresPackage): Record<string, string> {
  const libraries = [join(site.folder, 'lib'), files.libraries].join(delimiter);
  // Its messages in English: one of them is read below.
  return { LC_ALL: 'C', LD_LIBRARY_PATH: libraries, DYLD_LIBRARY_PATH: libraries };
}

async function serve(
  site: Site,
  files: PostgresPackage,
  settings: Readonly<Record<string, string>>,
): Promise<LabProcess> {
  const data = join(site.folder, 'data');
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const server = await site.spawn(files.postgres, args, {
    env: environment(site, files),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await ready('PostgreSQL', server, server.stderr, 'database system is ready to accept connections');
  return server;
}
