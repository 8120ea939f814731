import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Certificate } from './certificate.js';
import { LabError } from './errors.js';
import type { Host } from './host.js';
import { layOut } from './lay-out.js';
import type { LabProcess } from './process.js';
import { ready } from './ready.js';
import { SingleProcessServer } from './single-process-server.js';
import type { Site } from './site.js';
import { startOn } from './start-on.js';
import { requireTools, tool, unavailableWithout } from './tools.js';

/** How a Redis is started. */
export interface RedisOptions {
  /** Default: 6379 on a host, any free port on loopback. */
  readonly port?: number;
  /** Of the user `default`. Default: a random one. */
  readonly password?: string;
  /** Whether it speaks TLS too, on another port, with a certificate that signs itself: `tlsPort`, `ca`. Default: no. */
  readonly tls?: boolean;
  /** The server to be a replica of. It must have the same password. */
  readonly replicaOf?: RedisServer;
  /** Directives of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Why no Redis can be started on this machine; undefined if one can. */
export function redisUnavailable(): string | undefined {
  return unavailableWithout(['redis-server', 'redis-cli']);
}

/**
 * Starts a real, empty Redis, on a host of the lab, or on this machine's loopback address, for which no lab is needed.
 * Settles when it answers. Its data live in memory, and survive `kill` and `restart`.
 *
 * @throws LabUnavailableError if Redis is not installed; LabError if it does not start: with the last lines of its log
 */
export function startRedis(where: Host | 'loopback', options: RedisOptions = {}): Promise<RedisServer> {
  return startProgram(where, (site) => serverProgram(site, options));
}

/** What distinguishes a Redis from a Sentinel. @internal */
export interface RedisProgram {
  readonly port: number;
  readonly tlsPort?: number | undefined;
  /** Empty: none. */
  readonly password: string;
  readonly directives: readonly string[];
  readonly flags: readonly string[];
  /** What its log says when it answers. */
  readonly readiness: string;
}

/** @internal */
export async function startProgram(
  where: Host | 'loopback',
  program: (site: Site) => Promise<RedisProgram>,
): Promise<RedisServer> {
  requireTools(['redis-server', 'redis-cli']);
  return startOn(where, async (site) => RedisServer.start(site, await program(site)));
}

/** A running Redis or Sentinel, and all that a client must know of it. */
export class RedisServer extends SingleProcessServer {
  readonly port: number;
  /** Where it speaks TLS, if it does. */
  readonly tlsPort: number | undefined;
  /** Of the user `default`. A Sentinel has none. */
  readonly password: string;
  /** For clients to trust, PEM; undefined without TLS. It names the host and its addresses, and belongs to the host. */
  readonly ca: string | undefined;
  readonly #site: Site;
  readonly #program: RedisProgram;

  private constructor(site: Site, program: RedisProgram, ca: string | undefined, process: LabProcess) {
    super(site, () => serve(site, program, program.readiness), process);
    this.#site = site;
    this.port = program.port;
    this.tlsPort = program.tlsPort;
    this.password = program.password;
    this.ca = ca;
    this.#program = program;
  }

  /** @internal */
  static async start(site: Site, program: RedisProgram): Promise<RedisServer> {
    const certificate = program.tlsPort === undefined ? undefined : site.certificate();
    await initialize(site, program, certificate);
    return new RedisServer(site, program, certificate?.certificate, await serve(site, program, program.readiness));
  }

  /**
   * Starts it again on the same data, having killed it if it runs. After a power failure there are none: start another.
   *
   * @param until `answering`, or only `listening`: while it loads its data, it answers `LOADING` to most commands
   * @throws LabError if it does not start
   */
  override async restart(until: 'answering' | 'listening' = 'answering'): Promise<void> {
    const readiness = until === 'answering' ? this.#program.readiness : LISTENING;
    await this.restartBy(() => serve(this.#site, this.#program, readiness));
  }

  /**
   * Has `redis-cli` say a command to it, on its own host.
   * @returns the answer as `redis-cli` prints it
   * @throws LabError with the answer if that is an error
   */
  async command(...words: readonly string[]): Promise<string> {
    const args = ['-h', this.#site.address, '-p', String(this.port), '-e', '--no-auth-warning', ...words];
    const env: Record<string, string> = this.password === '' ? {} : { REDISCLI_AUTH: this.password };
    const cli = await this.#site.spawn(tool('redis-cli'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err, { code }] = await Promise.all([text(cli.stdout), text(cli.stderr), cli.exited]);
    if (code !== 0) throw new LabError(`redis-cli ${words.join(' ')}: ${out.trim() || err.trim()}`);
    return out.trim();
  }
}

/** @internal */
export async function serverProgram(site: Site, options: RedisOptions): Promise<RedisProgram> {
  const password = options.password ?? options.replicaOf?.password ?? randomUUID();
  const port = options.port ?? (await site.port(6379));
  const tlsPort = options.tls ? await site.port(port + 1) : undefined;
  const { replicaOf } = options;
  return {
    port,
    tlsPort,
    password,
    directives: [
      ...(password === '' ? [] : [`requirepass ${quote(password)}`, `masterauth ${quote(password)}`]),
      ...(tlsPort === undefined ? [] : [`tls-port ${tlsPort}`, ...TLS]),
      ...(replicaOf === undefined ? [] : [`replicaof ${replicaOf.host} ${replicaOf.port}`]),
      ...QUICK,
      ...Object.entries(options.settings ?? {}).map(([name, value]) => `${name} ${value}`),
    ],
    flags: [],
    readiness: 'Ready to accept connections',
  };
}

/** Said before the data are loaded. */
const LISTENING = 'Server initialized';

const TLS = [
  'tls-cert-file server.crt',
  'tls-key-file server.key',
  'tls-ca-cert-file server.crt',
  'tls-auth-clients no',
];

const QUICK = [
  // Written by the server itself before it answers, so that nothing is lost with a process that is killed.
  'appendonly yes',
  'appendfsync no',
  'save ""',
  // Replication at once, and not in case other replicas come.
  'repl-diskless-sync-delay 0',
];

/** As redis.conf wants a word that may contain anything. @internal */
export function quote(word: string): string {
  return `"${word.replaceAll(/["\\]/g, '\\$&')}"`;
}

async function initialize(site: Site, program: RedisProgram, certificate: Certificate | undefined): Promise<void> {
  const addresses = site.listen === '*' ? '* -::*' : site.listen;
  const common = [`port ${program.port}`, `bind ${addresses}`, 'protected-mode no', `dir ${quote(site.folder)}`];
  const config = `${[...common, ...program.directives].join('\n')}\n`;
  await layOut(site, 'Redis', { 'redis.conf': config }, certificate);
}

async function serve(site: Site, program: RedisProgram, readiness: string): Promise<LabProcess> {
  const server = await site.spawn(tool('redis-server'), [join(site.folder, 'redis.conf'), ...program.flags], {
    cwd: site.folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await ready('Redis', server, server.stdout, readiness);
  return server;
}
