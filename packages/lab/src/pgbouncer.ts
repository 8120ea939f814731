import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LabError, LabUnavailableError } from './errors.js';
import type { Host } from './host.js';
import { loopbackSite } from './loopback.js';
import type { Postgres } from './postgres.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import { hostSite, type Site } from './site.js';
import { requireTools, tool } from './tools.js';

/** How a PgBouncer is started. */
export interface PgBouncerOptions {
  /** The server that it leads to. It logs in there, and has its clients log in, as that server's user. */
  readonly postgres: Pick<Postgres, 'host' | 'port' | 'user' | 'password' | 'database'>;
  /** Until when a client keeps a server's connection: its end, that of a transaction, or that of a statement. */
  readonly poolMode: 'session' | 'transaction' | 'statement';
  /** Default: 6432 on a host, any free port on loopback. */
  readonly port?: number;
  /** Settings of the section `[pgbouncer]` of pgbouncer.ini. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Why no PgBouncer can be started on this machine; undefined if one can. */
export function pgBouncerUnavailable(): string | undefined {
  try {
    requireTools(['pgbouncer']);
    return undefined;
  } catch (error) {
    if (error instanceof LabUnavailableError) return error.message;
    throw error;
  }
}

/**
 * Starts a real PgBouncer in front of a PostgreSQL, on a host of the lab, or on this machine's loopback address, for which
 * no lab is needed. Settles when it listens: whether its server can be reached, it finds out with the first client.
 *
 * @throws LabUnavailableError if PgBouncer is not installed; LabError if it does not start: with the last lines of its log
 */
export async function startPgBouncer(where: Host | 'loopback', options: PgBouncerOptions): Promise<PgBouncer> {
  requireTools(['pgbouncer']);
  const site = where === 'loopback' ? await loopbackSite() : hostSite(where);
  try {
    return await PgBouncer.start(site, options);
  } catch (error) {
    await site.close();
    throw error;
  }
}

/** A running PgBouncer, and all that a client must know of it. */
export class PgBouncer implements AsyncDisposable {
  /** An IPv4 address. On a host it answers at the host's IPv6 address too. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** User, password and database. */
  readonly connectionString: string;
  /** The same for its console, which answers `SHOW POOLS` and the like, by the simple protocol only. */
  readonly consoleString: string;
  readonly #site: Site;
  #process: LabProcess;

  private constructor(site: Site, port: number, { user, password, database }: Login, process: LabProcess) {
    this.host = site.address;
    this.port = port;
    this.user = user;
    this.password = password;
    this.database = database;
    const login = `postgres://${user}:${encodeURIComponent(password)}@${this.host}:${port}`;
    this.connectionString = `${login}/${database}`;
    this.consoleString = `${login}/pgbouncer`;
    this.#site = site;
    this.#process = process;
  }

  /** @internal */
  static async start(site: Site, options: PgBouncerOptions): Promise<PgBouncer> {
    const port = options.port ?? (await site.port(6432));
    await initialize(site, port, options);
    return new PgBouncer(site, port, options.postgres, await serve(site));
  }

  /** Another one after each `restart`. */
  get process(): LabProcess {
    return this.#process;
  }

  /** Ends it at once, as the out-of-memory killer would. The kernel closes its connections, on both sides. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process.exited;
  }

  /** Stops it, as a machine that thrashes would: connections are accepted by the kernel, nothing answers. */
  async freeze(): Promise<void> {
    await this.#process.freeze();
  }

  /** Lets it go on. */
  async thaw(): Promise<void> {
    await this.#process.thaw();
  }

  /** Shuts it down at once, its clients cut off. */
  async stop(): Promise<void> {
    if (!this.#process.running) return;
    await this.thaw();
    this.#process.kill('SIGTERM');
    await this.#process.exited;
  }

  /**
   * Starts it again, having killed it if it runs. After a power failure its files are gone: start another.
   * @throws LabError if it does not start
   */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = await serve(this.#site);
  }

  /** Ends it, and removes its files. */
  async close(): Promise<void> {
    await this.kill();
    await this.#site.close();
  }

  /** For `await using`: `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

type Login = Pick<Postgres, 'user' | 'password' | 'database'>;

// Runs in the site's folder, which it makes.
const INITIALIZE = `
umask 077
mkdir -p -- "$FOLDER"
cd -- "$FOLDER"
printf %s "$CONFIG" > pgbouncer.ini
printf %s "$USERS" > userlist.txt
`;

async function initialize(site: Site, port: number, options: PgBouncerOptions): Promise<void> {
  const { postgres, poolMode, settings } = options;
  const all = {
    listen_addr: site.listen,
    listen_port: String(port),
    // No socket in a folder that others share.
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(site.folder, 'userlist.txt'),
    admin_users: postgres.user,
    pool_mode: poolMode,
    ...settings,
  };
  const config = [
    '[databases]',
    `* = host=${postgres.host} port=${postgres.port}`,
    '[pgbouncer]',
    ...Object.entries(all).map(([name, value]) => `${name} = ${value}`),
  ];
  const work = await site.spawn('sh', ['-euc', INITIALIZE], {
    env: {
      FOLDER: site.folder,
      CONFIG: `${config.join('\n')}\n`,
      // In the clear: that serves for its clients' logins and for its own.
      USERS: `${quote(postgres.user)} ${quote(postgres.password)}\n`,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [err, { code, signal }] = await Promise.all([text(work.stderr), work.exited]);
  if (code !== 0) throw new LabError(`PgBouncer could not be set up, ${code ?? signal}: ${err.trim()}`);
}

/** As userlist.txt wants a word that may contain anything. */
function quote(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}

async function serve(site: Site): Promise<LabProcess> {
  const bouncer = await site.spawn(tool('pgbouncer'), [join(site.folder, 'pgbouncer.ini')], {
    cwd: site.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await ready('PgBouncer', bouncer, bouncer.stderr, 'process up');
  return bouncer;
}
