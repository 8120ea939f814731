import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Host } from './host.js';
import { layOut } from './lay-out.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import { SingleProcessServer } from './single-process-server.js';
import type { Site } from './site.js';
import { startOn } from './start-on.js';
import { requireTools, tool, unavailableWithout } from './tools.js';

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
  return unavailableWithout(['nats-server']);
}

/**
 * Starts a real NATS server, on a host of the lab, or on this machine's loopback address, for which no lab is needed.
 * Settles when it answers.
 *
 * @throws LabUnavailableError if nats-server is not installed; LabError if it does not start: with the last lines of its log
 */
export async function startNats(where: Host | 'loopback', options: NatsOptions = {}): Promise<NatsServer> {
  requireTools(['nats-server']);
  return startOn(where, (site) => NatsServer.start(site, options));
}

const USER = 'lab';

/** A running NATS server, and all that a client must know of it. */
export class NatsServer extends SingleProcessServer {
  readonly port: number;
  /** What clients have to show, as they take it: user and password, or a token. */
  readonly login: { readonly user: string; readonly pass: string } | { readonly token: string };
  /** For clients to trust, PEM; undefined without TLS. It names the host and its addresses, and belongs to the host. */
  readonly ca: string | undefined;

  private constructor(
    site: Site,
    port: number,
    login: NatsServer['login'],
    ca: string | undefined,
    process: LabProcess,
  ) {
    super(site, () => serve(site), process);
    this.port = port;
    this.login = login;
    this.ca = ca;
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
    await layOut(site, 'NATS', { 'nats.conf': `${directives.join('\n')}\n` }, certificate);
    return new NatsServer(site, port, login, certificate?.certificate, await serve(site));
  }
}

async function serve(site: Site): Promise<LabProcess> {
  const server = await site.spawn(tool('nats-server'), ['-c', join(site.folder, 'nats.conf')], {
    cwd: site.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await ready('NATS', server, server.stderr, 'Server is ready');
  return server;
}
