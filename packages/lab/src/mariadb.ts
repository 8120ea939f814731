import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { Certificate } from './certificate.js';
import { LabError } from './errors.js';
import type { Host } from './host.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import { SingleProcessServer } from './single-process-server.js';
import type { Site } from './site.js';
import { startOn } from './start-on.js';
import { tool } from './tools.js';

/** How a MariaDB is started. */
export interface MariaDbOptions {
  /** Default: 3306 on a host, any free port on loopback. */
  readonly port?: number;
  /** Of the user `root`. Default: a random one. It is really asked for. */
  readonly password?: string;
  /** Whether it speaks TLS too, with a certificate that signs itself, see `ca`. Default: no. */
  readonly tls?: boolean;
  /** Settings of my.cnf, such as `{ 'max-connections': '5' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts a real MariaDB with an empty database, on a host of the lab, or on this machine's loopback address, for which no
 * lab is needed. Settles when it answers, after about half a second. It is made to be thrown away: its data live in memory
 * (on loopback where no namespace can be made: in a temporary folder), and it never syncs.
 *
 * @throws LabUnavailableError if `mariadbd` is not installed, and says which package brings it
 * @throws LabError if the server does not start: with the last lines of its log
 */
export async function startMariaDb(where: Host | 'loopback', options: MariaDbOptions = {}): Promise<MariaDb> {
  const program = tool('mariadbd');
  return startOn(where, (site) => MariaDb.start(site, program, options));
}

/** A running MariaDB, and all that a client must know of it. */
export class MariaDb extends SingleProcessServer {
  readonly port: number;
  /** May do everything, and is spared by `read_only`. */
  readonly user: string = 'root';
  readonly password: string;
  readonly database: string = 'test';
  /** For clients to trust, PEM; undefined without TLS. It names the host and its addresses, and belongs to the host. */
  readonly ca: string | undefined;
  /** User, password and database, no word of TLS. */
  readonly connectionString: string;

  private constructor(site: Site, facts: Facts, start: () => Promise<LabProcess>, process: LabProcess) {
    super(site, start, process);
    this.port = facts.port;
    this.password = facts.password;
    this.ca = facts.ca;
    const login = `${this.user}:${encodeURIComponent(this.password)}`;
    this.connectionString = `mysql://${login}@${this.host}:${this.port}/${this.database}`;
  }

  /** Why it can't be started here, in one line; undefined if it can. */
  static available(): string | undefined {
    try {
      tool('mariadbd');
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** @internal */
  static async start(site: Site, program: string, options: MariaDbOptions): Promise<MariaDb> {
    const password = options.password ?? randomUUID();
    const certificate = options.tls ? site.certificate() : undefined;
    await initialize(site, program, password, certificate);
    const port = options.port ?? (await site.port(3306));
    const args = settingArgs(site, {
      ...(certificate && { 'ssl-cert': `${site.folder}/server.crt`, 'ssl-key': `${site.folder}/server.key` }),
      ...options.settings,
      'bind-address': site.listen,
      port: String(port),
      // No socket in a folder that others share.
      socket: `${site.folder}/socket`,
      'pid-file': `${site.folder}/pid`,
    });
    const start = () => serve(site, program, args);
    return new MariaDb(site, { port, password, ca: certificate?.certificate }, start, await start());
  }
}

interface Facts {
  readonly port: number;
  readonly password: string;
  readonly ca: string | undefined;
}

const QUICK = {
  'innodb-buffer-pool-size': '16M',
  'innodb-fast-shutdown': '2',
  'innodb-flush-log-at-trx-commit': '0',
  'innodb-log-file-size': '4M',
  // Not to be had in every container.
  'innodb-use-native-aio': '0',
  'max-connections': '200',
  'max-allowed-packet': '16M',
};

/** `--no-defaults` first, or the machine's my.cnf is read. */
function settingArgs(site: Site, settings: Readonly<Record<string, string>> = {}): string[] {
  const all = Object.entries({ ...QUICK, ...settings }).map(([name, value]) => `--${name}=${value}`);
  // Without names: the hosts of a lab have no name server, and looking one up would hold up each connect.
  const fixed = ['--no-defaults', '--skip-name-resolve', '--skip-log-bin'];
  // Not /tmp: its files there are named after its process, and every host has a process of that number.
  return [...fixed, `--datadir=${site.folder}/data`, `--tmpdir=${site.folder}`, ...all];
}

// Runs in the site's folder, which it makes. Its arguments are the server's command. What MariaDB's own
// mariadb-install-db does, less the help texts, the performance schema and the `my_print_defaults` that it needs.
const INITIALIZE = `
umask 077
mkdir -p -- "$FOLDER/data/mysql"
cd -- "$FOLDER"
for scripts in /usr/share/mysql /usr/share/mariadb; do
  [ -f "$scripts/mysql_system_tables.sql" ] && break
done
{
  echo 'USE mysql;'
  cat "$scripts/mysql_system_tables.sql" "$scripts/mysql_system_tables_data.sql"
  echo 'DELETE FROM global_priv;'
  echo 'FLUSH PRIVILEGES;'
  # Not echo, which would read the backslashes.
  printf '%s\\n' "CREATE USER root@'%' IDENTIFIED BY '$PASSWORD';"
  echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
  echo 'CREATE DATABASE test;'
} > initialize.sql
"$@" --bootstrap --log-warnings=0 < initialize.sql
rm initialize.sql
[ -n "$KEY" ] || exit 0
printf %s "$KEY" > server.key
printf %s "$CERTIFICATE" > server.crt
`;

async function initialize(
  site: Site,
  program: string,
  password: string,
  certificate: Certificate | undefined,
): Promise<void> {
  const work = await site.spawn('sh', ['-euc', INITIALIZE, 'sh', program, ...settingArgs(site)], {
    env: {
      LC_ALL: 'C',
      FOLDER: site.folder,
      PASSWORD: password.replaceAll('\\', '\\\\').replaceAll("'", "''"),
      KEY: certificate?.key ?? '',
      CERTIFICATE: certificate?.certificate ?? '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, { code, signal }] = await Promise.all([text(work.stdout), text(work.stderr), work.exited]);
  if (code !== 0) throw new LabError(`mariadbd --bootstrap ended with ${code ?? signal}: ${lastLines(err || out)}`);
}

function lastLines(log: string): string {
  return log.trim().split('\n').slice(-10).join('; ');
}

async function serve(site: Site, program: string, args: readonly string[]): Promise<LabProcess> {
  const server = await site.spawn(program, args, { env: { LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] });
  await ready('MariaDB', server, server.stderr, 'ready for connections');
  return server;
}
