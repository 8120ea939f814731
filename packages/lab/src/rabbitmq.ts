import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './errors.js';
import type { Host } from './host.js';
import { layOut } from './lay-out.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import { SingleProcessServer } from './single-process-server.js';
import type { Site } from './site.js';
import { startOn } from './start-on.js';
import { requireTools, tool, unavailableWithout } from './tools.js';

/** How a RabbitMQ is started. */
export interface RabbitMqOptions {
  /** Default: 5672 on a host, any free port on loopback. */
  readonly port?: number;
  /** Default: `lab`. */
  readonly user?: string;
  /** Default: a random one. */
  readonly password?: string;
  /** Whether it speaks TLS too, on another port, with a certificate that signs itself: `tlsPort`, `ca`. Default: no. */
  readonly tls?: boolean;
  /** Directives of rabbitmq.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Why no RabbitMQ can be started on this machine; undefined if one can. */
export function rabbitMqUnavailable(): string | undefined {
  return unavailableWithout(TOOLS);
}

/**
 * Starts a real, empty RabbitMQ without plugins, on a host of the lab, or on this machine's loopback address, for which no
 * lab is needed. Settles when it takes connections. Durable queues survive `kill` and `restart`. It runs on one core, and brings no
 * `epmd` with it.
 *
 * @throws LabUnavailableError if RabbitMQ is not installed; LabError if it does not start: with the last lines of its log
 */
export async function startRabbitMq(where: Host | 'loopback', options: RabbitMqOptions = {}): Promise<RabbitMq> {
  requireTools(TOOLS);
  try {
    return await startOnce(where, options);
  } catch (error) {
    // A port of the loopback address that was free may have been taken meanwhile by anybody; not so twice in a row.
    if (error instanceof LabError && /already_used|eaddrinuse/.test(error.message)) return startOnce(where, options);
    throw error;
  }
}

async function startOnce(where: Host | 'loopback', options: RabbitMqOptions): Promise<RabbitMq> {
  return startOn(where, (site) => RabbitMq.start(site, options));
}

const TOOLS = ['rabbitmq-server', 'erl'] as const;

interface Ports {
  readonly plain: number;
  readonly tls: number | undefined;
  /** On which Erlang's nodes would speak to each other. */
  readonly nodes: number;
}

/** A running RabbitMQ, and all that a client must know of it. */
export class RabbitMq extends SingleProcessServer {
  readonly port: number;
  /** Where it speaks TLS, if it does. */
  readonly tlsPort: number | undefined;
  readonly user: string;
  readonly password: string;
  /** For clients to trust, PEM; undefined without TLS. It names the host and its addresses, and belongs to the host. */
  readonly ca: string | undefined;

  private constructor(site: Site, ports: Ports, login: Login, ca: string | undefined, process: LabProcess) {
    super(site, () => serve(site, ports), process);
    this.port = ports.plain;
    this.tlsPort = ports.tls;
    this.user = login.user;
    this.password = login.password;
    this.ca = ca;
  }

  /** @internal */
  static async start(site: Site, options: RabbitMqOptions): Promise<RabbitMq> {
    const { user = 'lab', password = randomUUID(), settings = {} } = options;
    const plain = options.port ?? (await site.port(5672));
    const tls = options.tls ? await site.port(5671) : undefined;
    const ports = { plain, tls, nodes: await site.port(25672) };
    const certificate = tls === undefined ? undefined : site.certificate();
    const files = {
      'rabbitmq.conf': configuration(site, ports, { user, password }, settings),
      enabled_plugins: '[].\n',
    };
    await layOut(site, 'RabbitMQ', files, certificate);
    const process = await serve(site, ports);
    return new RabbitMq(site, ports, { user, password }, certificate?.certificate, process);
  }

  /** For clients: `amqp://…`, with user and password. */
  get url(): string {
    return `amqp://${this.user}:${encodeURIComponent(this.password)}@${this.host}:${this.port}`;
  }
}

interface Login {
  readonly user: string;
  readonly password: string;
}

/** https://www.rabbitmq.com/docs/configure */
function configuration(site: Site, ports: Ports, login: Login, settings: Readonly<Record<string, string>>): string {
  const everywhere = site.listen === '*';
  const listen = (kind: string, port: number) =>
    everywhere ? [`listeners.${kind}.default = ${port}`] : [`listeners.${kind}.1 = ${site.listen}:${port}`];
  const tls = [
    'ssl_options.certfile = server.crt',
    'ssl_options.keyfile = server.key',
    'ssl_options.verify = verify_none',
  ];
  return [
    ...listen('tcp', ports.plain),
    ...(ports.tls === undefined ? [] : [...listen('ssl', ports.tls), ...tls]),
    `default_user = ${login.user}`,
    `default_pass = ${login.password}`,
    'log.console = true',
    'log.console.level = info',
    'log.file = false',
    // Of a laptop's disk there may be less left than RabbitMQ wants, and then it takes no messages.
    'disk_free_limit.absolute = 1MB',
    // By default it looks for itself in /proc by a process number that means nothing outside its namespace.
    'vm_memory_calculation_strategy = allocated',
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    '',
  ].join('\n');
}

/** Nodes of Erlang find each other through a daemon, which would outlive them: since OTP 23.1 they can do without. */
const ALONE = ['-start_epmd false', '-erl_epmd_port'];
/** One scheduler that sleeps when it has nothing to do. */
const FRUGAL = '+S 1:1 +A 4 +sbwt none +P 65536';

async function serve(site: Site, { plain, nodes }: Ports): Promise<LabProcess> {
  const { folder } = site;
  const server = await site.spawn(script(), [], {
    cwd: folder,
    env: {
      HOME: folder,
      RABBITMQ_NODENAME: `lab-${plain}@localhost`,
      RABBITMQ_DIST_PORT: String(nodes),
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'none.config'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'none.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [FRUGAL, ...ALONE, nodes].join(' '),
      // Then the script becomes the server, and does not stay in front of it.
      RUNNING_UNDER_SYSTEMD: 'true',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await ready('RabbitMQ', server, server.stdout, 'Server startup complete');
  return server;
}

/** What Debian has in PATH changes to the user of its service first. */
function script(): string {
  const own = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  return existsSync(own) ? own : tool('rabbitmq-server');
}
