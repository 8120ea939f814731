import { join } from 'node:path';
import type { Host } from './host.js';
import { layOut } from './lay-out.js';
import type { Postgres } from './postgres.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import { SingleProcessServer } from './single-process-server.js';
import type { Site } from './site.js';
import { startOn } from './start-on.js';
import { requireTools, tool, unavailableWithout } from './tools.js';

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
  return unavailableWithout(['pgbouncer']);
}

/**
 * Starts a real PgBouncer in front of a PostgreSQL, on a host of the lab, or on this machine's loopback address, for which
 * no lab is needed. Settles when it listens: whether its server can be reached, it finds out with the first client.
 *
 * @throws LabUnavailableError if PgBouncer is not installed; LabError if it does not start: with the last lines of its log
 */
export async function startPgBouncer(where: Host | 'loopback', options: PgBouncerOptions): Promise<PgBouncer> {
  requireTools(['pgbouncer']);
  return startOn(where, (site) => PgBouncer.start(site, options));
}

/** A running PgBouncer, and all that a client must know of it. */
export class PgBouncer extends SingleProcessServer {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** User, password and database. */
  readonly connectionString: string;
  /** The same for its console, which answers `SHOW POOLS` and the like, by the simple protocol only. */
  readonly consoleString: string;

  private constructor(site: Site, port: number, { user, password, database }: Login, process: LabProcess) {
    super(site, () => serve(site), process);
    this.port = port;
    this.user = user;
    this.password = password;
    this.database = database;
    const login = `postgres://${user}:${encodeURIComponent(password)}@${this.host}:${port}`;
    this.connectionString = `${login}/${database}`;
    this.consoleString = `${login}/pgbouncer`;
  }

  /** @internal */
  static async start(site: Site, options: PgBouncerOptions): Promise<PgBouncer> {
    const port = options.port ?? (await site.port(6432));
    await initialize(site, port, options);
    return new PgBouncer(site, port, options.postgres, await serve(site));
  }
}

type Login = Pick<Postgres, 'user' | 'password' | 'database'>;

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
  await layOut(site, 'PgBouncer', {
    'pgbouncer.ini': `${config.join('\n')}\n`,
    // In the clear: that serves for its clients' logins and for its own.
    'userlist.txt': `${quote(postgres.user)} ${quote(postgres.password)}\n`,
  });
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
