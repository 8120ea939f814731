import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type Host,
  selfSignedCertificate,
  startMariaDb,
  startNats,
  startPostgres,
  startRabbitMq,
  startRedis,
} from '@lifeguard/lab';

const ANSWERING = fileURLToPath(new URL('../answering.mjs', import.meta.url));

interface Ports {
  readonly http: number;
  readonly https: number;
  readonly grpc: number;
  readonly listener: number;
}

/** Where the servers are, as the programs take it. */
export type Servers = Awaited<ReturnType<typeof startServers>>;

/**
 * Starts every server on one host.
 *
 * @throws LabUnavailableError if one of them is not installed
 */
export async function startServers(host: Host) {
  const [postgres, mariadb, redis, rabbitMq, nats, answering] = await Promise.all([
    startPostgres(host),
    startMariaDb(host),
    startRedis(host),
    // Else it looks itself up in /proc, by the number that it has on its host; but /proc is this machine's.
    startRabbitMq(host),
    startNats(host),
    startAnswering(host),
  ]);
  const login = 'user' in nats.login ? nats.login : { user: '', pass: '' };
  return {
    postgres: { url: postgres.connectionString },
    mariadb: pick(mariadb, 'host', 'port', 'user', 'password', 'database'),
    redis: pick(redis, 'host', 'port', 'password'),
    rabbitMq: { url: rabbitMq.url },
    nats: { servers: `${nats.host}:${nats.port}`, ...login },
    ...answering,
  };
}

async function startAnswering(host: Host) {
  const { address } = host;
  const certificate = selfSignedCertificate([address]);
  const program = await host.node(ANSWERING, [JSON.stringify({ host: address, ...certificate })], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [ports] = (await once(program.messages, 'message')) as [Ports];
  return {
    http: { url: `http://${address}:${ports.http}` },
    https: { url: `https://${address}:${ports.https}`, ca: certificate.certificate },
    grpc: { address: `${address}:${ports.grpc}` },
    listener: { host: address, port: ports.listener },
  };
}

function pick<T, K extends keyof T>(object: T, ...names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, object[name]])) as Pick<T, K>;
}
