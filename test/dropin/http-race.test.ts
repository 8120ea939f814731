import { fork } from 'node:child_process';
import { once } from 'node:events';
import { nginxUnavailable, selfSignedCertificate, startNginx } from '@lifeguard/lab';
import { afterAll, expect, onTestFinished, test } from 'vitest';

const PAIRS = 60;
const IDLE_MILLIS = 30;

/** Ours, and what it stands for. */
const CLIENTS = [
  ['Agent', 'http.Agent'],
  ['HttpsAgent', 'https.Agent'],
  ['dispatcher', 'undici.Agent'],
  ['fetch over dispatcher', 'fetch by default'],
] as const;

interface Server {
  readonly host: string;
  readonly port: number;
  readonly tlsPort: number | undefined;
  readonly ca: string | undefined;
}

type Outcomes = Readonly<Record<string, number>>;

/** What the run has seen: how the second requests of each client ended. */
const seen: Record<string, unknown>[] = [];
afterAll(() => console.table(seen));

test('a request on a connection that a server of Node.js has just closed does not fail', async () => {
  await expectFewFailures('Node.js', await startNode());
});

const missing = nginxUnavailable();
if (missing) console.warn(`left out: the race against nginx, because ${missing}`);

test.skipIf(missing !== undefined && process.env['CI'] !== 'true')(
  'a request on a connection that nginx has just closed does not fail',
  async () => {
    const nginx = await startNginx('loopback', { tls: true, keepAliveTimeoutMillis: IDLE_MILLIS });
    onTestFinished(() => nginx.close());
    await expectFewFailures('nginx', nginx);
  },
);

async function startNode(): Promise<Server> {
  const certificate = selfSignedCertificate(['localhost', '127.0.0.1']);
  const config = JSON.stringify({ idleMillis: IDLE_MILLIS, ...certificate });
  const server = fork(new URL('./http-race-server.mjs', import.meta.url), [config]);
  onTestFinished(() => {
    server.kill();
  });
  const [ports] = await once(server, 'message');
  return { host: '127.0.0.1', ...ports, ca: certificate.certificate };
}

async function expectFewFailures(name: string, server: Server): Promise<void> {
  const race = async (client: string): Promise<Outcomes> => {
    const { host, port, tlsPort, ca } = server;
    const config = { client, pairs: PAIRS, host, port, tlsPort, ca, idleMillis: IDLE_MILLIS };
    const program = fork(new URL('./http-race-client.mjs', import.meta.url), [JSON.stringify(config)]);
    const ended = once(program, 'exit').then(([code]) => {
      throw new Error(`${client} ended early: ${code}`);
    });
    const [outcomes] = await Promise.race([once(program, 'message'), ended]);
    return outcomes;
  };
  const [ours, stock] = await Promise.all([
    Promise.all(CLIENTS.map(([client]) => race(client))),
    Promise.all(CLIENTS.map(([, client]) => race(client))),
  ]);
  for (const [index, clients] of CLIENTS.entries()) {
    seen.push(...clients.map((client, side) => ({ server: name, client, ...[ours, stock][side]?.[index] })));
  }
  for (const [index, [client]] of CLIENTS.entries()) {
    // Where the request and the FIN cross on the wire nothing helps.
    expect(failures(ours[index]), client).toBeLessThanOrEqual(PAIRS * 0.1);
  }
  // Or the race would not be one.
  for (const index of [0, 1]) expect(failures(stock[index])).toBeGreaterThan(PAIRS * 0.3);
}

function failures(outcomes: Outcomes = {}): number {
  return PAIRS - (outcomes['answered'] ?? 0);
}
