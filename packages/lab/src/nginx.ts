import { join } from 'node:path';
import type { Host } from './host.js';
import { layOut } from './lay-out.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import { SingleProcessServer } from './single-process-server.js';
import type { Site } from './site.js';
import { startOn } from './start-on.js';
import { requireTools, tool, unavailableWithout } from './tools.js';

/** How an nginx is started. */
export interface NginxOptions {
  /** Default: 8080 on a host, any free port on loopback. */
  readonly port?: number;
  /** Whether it speaks TLS too, on another port, with a certificate that signs itself: `tlsPort`, `ca`. Default: no. */
  readonly tls?: boolean;
  /**
   * How long it leaves an idle connection open, in milliseconds. It tells nobody: there is no `Keep-Alive` in its answers. Default:
   * 75,000, as nginx's own.
   */
  readonly keepAliveTimeoutMillis?: number;
  /** Directives of its `server` block. Default: it answers everything with 200 and `ok`. */
  readonly directives?: readonly string[];
}

/** Why no nginx can be started on this machine; undefined if one can. */
export function nginxUnavailable(): string | undefined {
  return unavailableWithout(['nginx']);
}

/**
 * Starts a real nginx, on a host of the lab, or on this machine's loopback address, for which no lab is needed. Settles when it
 * answers.
 *
 * @throws LabUnavailableError if nginx is not installed; LabError if it does not start: with the last lines of its log
 */
export async function startNginx(where: Host | 'loopback', options: NginxOptions = {}): Promise<Nginx> {
  requireTools(['nginx']);
  return startOn(where, (site) => Nginx.start(site, options));
}

/** A running nginx, and all that a client must know of it. */
export class Nginx extends SingleProcessServer {
  readonly port: number;
  /** Where it speaks TLS, if it does. */
  readonly tlsPort: number | undefined;
  /** For clients to trust, PEM; undefined without TLS. It names the host and its addresses, and belongs to the host. */
  readonly ca: string | undefined;

  private constructor(site: Site, ports: Ports, ca: string | undefined, process: LabProcess) {
    super(site, () => serve(site), process);
    this.port = ports.port;
    this.tlsPort = ports.tlsPort;
    this.ca = ca;
  }

  /** @internal */
  static async start(site: Site, options: NginxOptions): Promise<Nginx> {
    const port = options.port ?? (await site.port(8080));
    const ports: Ports = { port, tlsPort: options.tls ? await site.port(port + 1) : undefined };
    const certificate = options.tls ? site.certificate() : undefined;
    await layOut(site, 'nginx', { 'nginx.conf': configuration(site.address, ports, options) }, certificate);
    return new Nginx(site, ports, certificate?.certificate, await serve(site));
  }
}

interface Ports {
  readonly port: number;
  readonly tlsPort: number | undefined;
}

const USUAL_TIMEOUT_MILLIS = 75_000;

function configuration(address: string, { port, tlsPort }: Ports, options: NginxOptions): string {
  const { keepAliveTimeoutMillis = USUAL_TIMEOUT_MILLIS, directives = ['location / { return 200 ok; }'] } = options;
  const tls = [`listen ${address}:${tlsPort} ssl;`, 'ssl_certificate server.crt;', 'ssl_certificate_key server.key;'];
  return `
daemon off;
# One process: what is killed or stopped is all of it.
master_process off;
pid nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join('\n  ')}
  keepalive_timeout ${keepAliveTimeoutMillis}ms;
  keepalive_requests 1000000;
  server {
    ${[`listen ${address}:${port};`, ...(tlsPort === undefined ? [] : tls), ...directives].join('\n    ')}
  }
}
`;
}

/** Said when it listens. */
const READY = 'getrlimit(RLIMIT_NOFILE)';

async function serve(site: Site): Promise<LabProcess> {
  const flags = ['-p', `${site.folder}/`, '-c', join(site.folder, 'nginx.conf'), '-e', 'stderr'];
  const server = await site.spawn(tool('nginx'), [...flags, '-g', 'error_log stderr notice;'], {
    cwd: site.folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await ready('nginx', server, server.stderr, READY);
  return server;
}
