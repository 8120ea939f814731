import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import { type NatsServer, natsUnavailable, selfSignedCertificate, startNats } from '@lifeguard/lab';
import { connect } from '@lifeguard/nats';
import { connect as connectV2 } from '@lifeguard/nats/v2';
import { inspect, onClientSocket } from '@lifeguard/tcp';
import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsConnection as NatsConnectionV2 } from 'nats';
import { afterAll, beforeAll, describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';

const missing = natsUnavailable();
if (missing) console.warn(`left out: NATS, because ${missing}`);
const impossible = missing !== undefined && process.env['CI'] !== 'true';

const TCP = { keepAliveIdleMillis: 7000, keepAliveIntervalMillis: 3000, keepAliveCount: 4, userTimeoutMillis: 17_000 };

const servers: Record<string, NatsServer> = {};
beforeAll(async () => {
  if (impossible) return;
  servers['plain'] = await startNats('loopback');
  servers['tls'] = await startNats('loopback', { tls: true });
  servers['token'] = await startNats('loopback', { login: 'token' });
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.close())));

function access(kind: string) {
  const { host, port, login, ca } = servers[kind] as NatsServer;
  return { servers: `${host}:${port}`, ...login, ...(ca !== undefined && { tls: { ca } }) };
}

/** Of a process that looks, so that a socket of the driver's is seen. */
function openedSockets(): Socket[] {
  const sockets: Socket[] = [];
  onTestFinished(onClientSocket((socket) => void sockets.push(socket)));
  return sockets;
}

function expectHardened(socket: Socket | undefined): void {
  if (process.platform === 'linux') expect(socket && inspect(socket)?.options).toMatchObject(TCP);
}

/** As from the kernel, when it has given up on the peer. */
function lost(): Error {
  return Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' });
}

/** Until it has connected again. */
async function reconnected(connection: Pick<NatsConnection, 'status'>): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'reconnect') return;
}

/** Both as one: they differ in what these tests don't touch. */
const packages = { '@nats-io/transport-node': connect, nats: connectV2 as unknown as typeof connect };

describe.skipIf(impossible).each(Object.entries(packages))('connect, of %s', (_, open) => {
  test.each(['plain', 'tls', 'token'])('gives an ordinary connection on a hardened socket: %s', async (kind) => {
    const sockets = openedSockets();
    const connection = await open({ ...access(kind), tcp: TCP });
    const answering = connection.subscribe('question', {
      callback: (_error, message) => void message.respond('answer'),
    });
    const answer = await connection.request('question');
    expect(new TextDecoder().decode(answer.data)).toBe('answer');
    answering.unsubscribe();
    expect(sockets).toHaveLength(1);
    expectHardened(sockets[0]);
    await connection.close();
  });

  test.each(['plain', 'tls'])('each reconnect is hardened, and other connections are left alone: %s', async (kind) => {
    const sockets = openedSockets();
    const connection = await open({ ...access(kind), tcp: TCP, reconnectTimeWait: 10, reconnectJitterTLS: 0 });
    const other = await open({ ...access('plain'), tcp: { userTimeoutMillis: 60_000 } });
    for (const round of [1, 2]) {
      const back = reconnected(connection);
      (round === 1 ? sockets[0] : sockets.at(-1))?.destroy(lost());
      await back;
      expect(sockets).toHaveLength(2 + round);
      expectHardened(sockets.at(-1));
    }
    if (process.platform === 'linux') expect(sockets[1] && inspect(sockets[1])?.options.userTimeoutMillis).toBe(60_000);
    await Promise.all([connection.close(), other.close()]);
  });

  test('TLS from the first byte is hardened too', async () => {
    const { key, certificate } = selfSignedCertificate(['localhost', '127.0.0.1']);
    const server = createServer({ key, cert: certificate }, (socket) => {
      socket.write('INFO {"server_id":"x","version":"2.10.0","proto":1,"max_payload":1000,"tls_required":true}\r\n');
      socket.on('data', (data) => String(data).includes('PING') && socket.write('PONG\r\n')).on('error', () => {});
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const sockets = openedSockets();
    const tls = { handshakeFirst: true, ca: certificate };
    const connection = await open({ servers: `127.0.0.1:${port}`, tls, tcp: TCP });
    expectHardened(sockets[0]);
    await connection.close();
  });

  test('goes on reconnecting for ever, unless it is told otherwise', async () => {
    const passing = await startNats('loopback');
    onTestFinished(() => passing.close());
    const { host, port, login } = passing;
    const options = { servers: `${host}:${port}`, ...login, reconnectTimeWait: 1, reconnectJitter: 0 };
    const patient = await open(options);
    const impatient = await open({ ...options, maxReconnectAttempts: 3 });
    const back = reconnected(patient);
    await passing.kill();
    await expect(impatient.closed()).resolves.toBeInstanceOf(Error);
    expect(patient.isClosed()).toBe(false);
    await passing.restart();
    await back;
    await patient.close();
  });

  test('tells of a wrong password at once, and never the password', async () => {
    const wrong = { ...access('plain'), pass: 'open-sesame' };
    const error = await open(wrong).catch((each: Error) => each);
    expect(String((error as Error).message)).toMatch(/authorization/i);
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('open-sesame');
  });

  test('refuses options that it can’t use, before it connects', async () => {
    const sockets = openedSockets();
    await expect(open({ tcp: { keepAliveCount: 0 } })).rejects.toThrow(/tcp.keepAliveCount/);
    expect(sockets).toEqual([]);
  });
});

test('the types are those of each package', () => {
  expectTypeOf(connect).returns.resolves.toEqualTypeOf<NatsConnection>();
  expectTypeOf(connectV2).returns.resolves.toEqualTypeOf<NatsConnectionV2>();
});
