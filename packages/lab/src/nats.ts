import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Certificate } from './certificate.js';
import { LabError, LabUnavailableError } from './errors.js';
import type { Host } from './host.js';
import { loopbackSite } from './loopback.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import { hostSite, type Site } from './site.js';
import { requireTools, tool } from './tools.js';

/** How a NATS server is started. */
export interface NatsOptions {
  /** Default: 4222 on a host, any free port on loopback. */
  readonly port?: number;
  /** What clients have to show. Default: a user and a random password. */
  readonly login?: 'password' | 'token';
  /** Whether it speaks TLS, and nothing else, with a certificate that signs itself: `ca`. Default: no. */
  readonly tls?: boolean;
  /** Directives of its configuration, as they are written there. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Why no NATS server can be started on this machine; undefined if one can. */
export function natsUnavailable(): string | undefined {
  try {
    requireTools(['nats-server']);
    return undefined;
  } catch (error) {
    if (error instanceof LabUnavailableError) return error.message;
    throw error;
  }
}

/**
 * Starts a real NATS server, on a host of the lab, or on this machine's loopback address, for which no lab is needed.
 * Settles when it answers.
 *
 * @throws LabUnavailableError if nats-server is not installed; LabError if it does not start: with the last lines of its log
 */
export async function startNats(where: Host | 'loopback', options: NatsOptions = {}): Promise<NatsServer> {
  requireTools(['nats-server']);
  const site = where === 'loopback' ? await loopbackSite() : hostSite(where);
  try {
    return await NatsServer.start(site, options);
  } catch (error) {
    await site.close();
    throw error;
  }
}

const USER = 'lab';

/** A running NATS server, and all that a client must know of it. */
export class NatsServer implements AsyncDisposable {
  /** An IPv4 address. On a host it answers at the host's IPv6 address too. */
  readonly host: string;
  readonly port: number;
  /** What clients have to show, as they take it: user and password, or a token. */
  readonly login: { readonly user: string; readonly pass: string } | { readonly token: string };
  /** For clients to trust, PEM; undefined without TLS. It names the host and its addresses, and belongs to the host. */
  readonly ca: string | undefined;
  readonly #site: Site;
  #process: LabProcess;

  private constructor(
    site: Site,
    port: number,
    login: NatsServer['login'],
    ca: string | undefined,
    process: LabProcess,
  ) {
    this.host = site.address;
    this.port = port;
    this.login = login;
    this.ca = ca;
    this.#site = site;
    this.#process = process;
  }

  /** @internal */
  static async start(site: Site, options: NatsOptions): Promise<NatsServer> {
    const secret = randomUUID();
    const login = options.login === 'token' ? { token: secret } : { user: USER, pass: secret };
    const port = options.port ?? (await site.port(4222));
    const certificate = options.tls ? site.certificate() : undefined;
    const directives: readonly string[] = [
      `listen: "${site.listen === '*' ? '[::]' : site.listen}:${port}"`,
      'token' in login
        ? `authorization { token: "${secret}" }`
        : `authorization { user: "${USER}", password: "${secret}" }`,
      ...(certificate ? ['tls { cert_file: "server.crt", key_file: "server.key" }'] : []),
      ...Object.entries(options.settings ?? {}).map(([name, value]) => `${name}: ${value}`),
    ];
    await initialize(site, directives, certificate);
    return new NatsServer(site, port, login, certificate?.certificate, await serve(site));
  }

  /** Another one after each `restart`. */
  get process(): LabProcess {
    return this.#process;
  }

  /** Ends it at once, as the out-of-memory killer would. The kernel closes its connections. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process.exited;
  }

  /** Stops it, as a stalled machine would: connections are accepted by the kernel, nothing answers. */
  async freeze(): Promise<void> {
    await this.#process.freeze();
  }

  /** Lets it go on. */
  async thaw(): Promise<void> {
    await this.#process.thaw();
  }

  /** Shuts it down in order. */
  async stop(): Promise<void> {
    if (!this.#process.running) return;
    await this.thaw();
    this.#process.kill('SIGTERM');
    await this.#process.exited;
  }

  /**
   * Starts it again, having killed it if it runs. After a power failure its configuration is gone: start another.
   *
   * @throws LabError if it does not start
   */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = await serve(this.#site);
  }

  /** Ends it. */
  async close(): Promise<void> {
    await this.kill();
    await this.#site.close();
  }

  /** For `await using`: `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

// Runs in the site's folder, which it makes.
const INITIALIZE = `
umask 077
mkdir -p -- "$FOLDER"
cd -- "$FOLDER"
printf %s "$CONFIG" > nats.conf
[ -n "$KEY" ] || exit 0
printf %s "$KEY" > server.key
printf %s "$CERTIFICATE" > server.crt
`;

async function initialize(
  site: Site,
  directives: readonly string[],
  certificate: Certificate | undefined,
): Promise<void> {
  const work = await site.spawn('sh', ['-euc', INITIALIZE], {
    env: {
      FOLDER: site.folder,
      CONFIG: `${directives.join('\n')}\n`,
      KEY: certificate?.key ?? '',
      CERTIFICATE: certificate?.certificate ?? '',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [err, { code, signal }] = await Promise.all([text(work.stderr), work.exited]);
  if (code !== 0) throw new LabError(`NATS could not be set up, ${code ?? signal}: ${err.trim()}`);
}

async function serve(site: Site): Promise<LabProcess> {
  const server = await site.spawn(tool('nats-server'), ['-c', join(site.folder, 'nats.conf')], {
    cwd: site.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await ready('NATS', server, server.stderr, 'Server is ready');
  return server;
}
