import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Cluster, Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ClientOptions, createClient, createCluster, NotConnectedError } from './index.js';

const LIMIT_MILLIS = 600;

const cleanups: (() => unknown)[] = [];
beforeEach(() => vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', `${LIMIT_MILLIS}ms`));
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const ANSWERS: Readonly<Record<string, string>> = { subscribe: '*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n' };

/** Answers OK, notes what it was sent, and leaves BLPOP without an answer. */
class Stub {
  readonly heard: string[] = [];
  isSilent = false;
  readonly sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  #port = 0;

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** As if the process were gone: until the clients have noticed. */
  async vanish(...clients: Redis[]): Promise<void> {
    await Promise.all([this.close(), ...clients.map(untilClosed)]);
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => {});
    socket.on('data', (data) => {
      for (const [, name = ''] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        this.heard.push(name.toLowerCase());
        if (!this.isSilent && name.toLowerCase() !== 'blpop') socket.write(ANSWERS[name.toLowerCase()] ?? '+OK\r\n');
      }
    });
  }
}

async function stub(): Promise<Stub> {
  const server = new Stub();
  await server.listen();
  cleanups.push(() => server.close());
  return server;
}

function clientOf({ port }: Stub, options: ClientOptions = {}): Redis {
  return mine(createClient(port, '127.0.0.1', { disableClientInfo: true, ...options }));
}

/** So that a connection is had soon: 15 connects fail within the limit, and not 21. */
const OFTEN = { retryStrategy: () => 40 };

function mine<C extends Redis | Cluster>(client: C): C {
  client.on('error', () => {});
  cleanups.push(() => client.disconnect());
  return client;
}

const untilClosed = (client: Redis) => new Promise((resolve) => client.once('close', resolve));

/** What became of it, and after how many milliseconds. */
async function fate(call: Promise<unknown>): Promise<{ readonly told: unknown; readonly millis: number }> {
  const start = performance.now();
  const told = await call.catch((error: unknown) => error);
  return { told, millis: performance.now() - start };
}

const silence = () => Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' });

/** From the limit to the next look, on a busy machine. */
function expectLimit(millis: number): void {
  expect(millis).toBeGreaterThan(LIMIT_MILLIS - 5);
  expect(millis).toBeLessThan(LIMIT_MILLIS + 500);
}

test('a command that can’t be sent is told so at the limit, with the last connect error as the cause', async () => {
  const server = await stub();
  const client = clientOf(server);
  await client.ping();
  await server.vanish(client);
  const { told, millis } = await fate(client.set('key', 'secret'));
  expect(told).toBeInstanceOf(NotConnectedError);
  expect(told).toMatchObject({ code: 'ERR_REDIS_NOT_CONNECTED', sent: false, cause: { code: 'ECONNREFUSED' } });
  expect(String(told)).toMatch(/SET could not be sent within \d+ ms .*ECONNREFUSED/);
  expect(String(told)).not.toContain('secret');
  expectLimit(millis);
});

test('what the last error says is in the cause, and not in the message: it may hold a password', async () => {
  class Connector {
    connect(tell: (type: string, error: Error) => void): Promise<never> {
      setImmediate(tell, 'error', new Error('no way to redis://:hunter2@db'));
      return new Promise(() => {});
    }
    check = () => true;
    disconnect(): void {}
  }
  const { told } = await fate(mine(createClient({ Connector: Connector as never })).get('key'));
  expect(told).toMatchObject({ code: 'ERR_REDIS_NOT_CONNECTED', cause: { message: 'no way to redis://:hunter2@db' } });
  expect(String(told)).toMatch(/connects have been failing: see the cause$/);
});

test('a command of before the first connection is told too', async () => {
  const server = await stub();
  await server.vanish();
  const { told, millis } = await fate(clientOf(server, { lazyConnect: true }).get('key'));
  expect(told).toBeInstanceOf(NotConnectedError);
  expectLimit(millis);
});

test('each command has the whole limit for itself, and those who still have time are sent', async () => {
  const server = await stub();
  const client = clientOf(server, OFTEN);
  await client.ping();
  await server.vanish(client);
  const early = fate(client.get('key'));
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MILLIS / 2));
  const late = fate(client.set('key', 'value'));
  expect((await early).told).toBeInstanceOf(NotConnectedError);
  await server.listen();
  expect((await late).told).toBe('OK');
  expect(server.heard).not.toContain('get');
});

test('a short outage is ridden out', async () => {
  const server = await stub();
  const client = clientOf(server, OFTEN);
  const blocking = clientOf(server, OFTEN);
  await client.ping();
  const blocked = fate(blocking.blpop('list', 0));
  await vi.waitFor(() => expect(server.heard).toContain('blpop'));
  await server.vanish(client, blocking);
  const queued = fate(client.get('key'));
  // The next connect has failed.
  await untilClosed(client);
  await server.listen();
  expect((await queued).told).toBe('OK');
  await vi.waitFor(() => expect(server.heard.filter((name) => name === 'blpop')).toHaveLength(2));
  blocking.disconnect();
  expect(String((await blocked).told)).toContain('Connection is closed');
});

test('a command that was sent waits for its answer as long as the connection lives', async () => {
  const server = await stub();
  const client = clientOf(server);
  const blocked = fate(client.blpop('list', 0));
  await vi.waitFor(() => expect(server.heard).toContain('blpop'));
  await new Promise((resolve) => setTimeout(resolve, 2 * LIMIT_MILLIS));
  await server.vanish();
  const { told, millis } = await blocked;
  expect(told).toMatchObject({ code: 'ERR_REDIS_NOT_CONNECTED', sent: true });
  expect(millis).toBeGreaterThan(3 * LIMIT_MILLIS - 5);
});

test('what was in flight on a connection that was silent has waited already', async () => {
  vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', '2s');
  const server = await stub();
  const client = clientOf(server);
  const blocked = fate(client.blpop('list', 0));
  await vi.waitFor(() => expect(server.heard).toContain('blpop'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const lostAt = performance.now();
  client.stream.destroy(silence());
  await server.vanish(client);
  const { told } = await blocked;
  expect(told).toMatchObject({ sent: true });
  const afterLoss = performance.now() - lostAt;
  // One reconnect it is given still.
  expect(afterLoss).toBeGreaterThan(495);
  expect(afterLoss).toBeLessThan(1500);
});

test('what was in flight, and is not to be sent again, is told at once', async () => {
  const server = await stub();
  const client = clientOf(server, { autoResendUnfulfilledCommands: false });
  const blocked = fate(client.blpop('list', 0));
  await vi.waitFor(() => expect(server.heard).toContain('blpop'));
  await server.vanish(client);
  const { told, millis } = await blocked;
  expect(told).toMatchObject({ code: 'ERR_REDIS_NOT_CONNECTED', sent: true });
  expect(millis).toBeLessThan(LIMIT_MILLIS);
});

test('a blocking command that is to be sent again after its error begins to wait then, however long it was blocked', async () => {
  const server = await stub();
  const client = clientOf(server, { ...OFTEN, reconnectOnError: () => 2 });
  const blocked = fate(client.blpop('list', 0));
  await vi.waitFor(() => expect(server.heard).toContain('blpop'));
  await new Promise((resolve) => setTimeout(resolve, 2 * LIMIT_MILLIS));
  const closed = untilClosed(client);
  // What a master says that is made a replica.
  for (const socket of server.sockets) socket.write('-UNBLOCKED force unblock from blocking operation\r\n');
  await server.vanish();
  await closed;
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MILLIS / 2));
  await server.listen();
  await vi.waitFor(() => expect(server.heard.filter((name) => name === 'blpop')).toHaveLength(2));
  client.disconnect();
  expect(String((await blocked).told)).toContain('Connection is closed');
});

test('what was sent on a connection that ended before it was ready is told', async () => {
  const server = await stub();
  server.isSilent = true;
  const client = clientOf(server);
  await new Promise((resolve) => client.once('connect', resolve));
  // One of those that a server takes which is still loading its data.
  const early = fate(client.publish('channel', 'message'));
  await vi.waitFor(() => expect(server.heard).toContain('publish'));
  server.isSilent = false;
  for (const socket of server.sockets) socket.destroy();
  expect((await early).told).toMatchObject({ code: 'ERR_REDIS_NOT_CONNECTED', sent: true });
  expect(await client.ping()).toBe('OK');
});

/** A client that subscribes again, on a connection that ends before that was answered; and those rejections that nobody handles. */
async function subscribeInVain(options: ClientOptions) {
  const rejections: unknown[] = [];
  const note = (error: unknown) => rejections.push(error);
  process.on('unhandledRejection', note);
  cleanups.push(() => process.off('unhandledRejection', note));
  const server = await stub();
  const renewals = () => server.heard.filter((name) => name === 'subscribe').length;
  const client = clientOf(server, { enableReadyCheck: false, ...options });
  await client.subscribe('news');
  server.isSilent = true;
  for (const socket of server.sockets) socket.destroy();
  await vi.waitFor(() => expect(renewals()).toBe(2));
  await server.vanish(client);
  server.isSilent = false;
  return { server, client, renewals, rejections };
}

test.each([
  ['the limit', 60],
  ['21 connects that failed', 10],
])('a subscription outlives %s, and nobody is told of a call that he did not make', async (_, pause) => {
  const { server, renewals, rejections } = await subscribeInVain({ retryStrategy: () => pause });
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MILLIS + 200));
  await server.listen();
  await vi.waitFor(() => expect(renewals()).toBe(3));
  expect(rejections).toEqual([]);
});

test('a client that ends before it has subscribed again tells nobody of a call that he did not make', async () => {
  const pauses = [10];
  const { client, rejections } = await subscribeInVain({ retryStrategy: () => pauses.pop() ?? null });
  await vi.waitFor(() => expect(client.status).toBe('end'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(rejections).toEqual([]);
});

test('a client that is closed while it waits to reconnect has its callers told, and leaves no timer behind', async () => {
  const server = await stub();
  const [started, stopped] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
  cleanups.push(() => vi.restoreAllMocks());
  const client = clientOf(server, { retryStrategy: () => 60_000 });
  await client.ping();
  const reconnecting = once(client, 'reconnecting');
  await server.vanish(client);
  await reconnecting;
  const waiting = fate(client.get('key'));
  client.disconnect();
  expect((await waiting).told).toBeInstanceOf(NotConnectedError);
  const timers = started.mock.results.map(({ value }) => value);
  expect(timers.length).toBeGreaterThan(0);
  const cleared = new Set(stopped.mock.calls.map(([timer]) => timer));
  expect(timers.filter((timer) => !cleared.has(timer))).toEqual([]);
});

test('a transaction is sent as a whole or not at all', async () => {
  const server = await stub();
  const client = clientOf(server, OFTEN);
  await client.ping();
  await server.vanish(client);
  const begun = fate(client.multi({ pipeline: false }) as unknown as Promise<unknown>);
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MILLIS / 2));
  const rest = [client.set('key', 'value'), client.exec()].map(fate);
  const after = fate(client.get('key'));
  expect((await begun).told).toBeInstanceOf(NotConnectedError);
  for (const { told } of await Promise.all(rest)) expect(told).toBeInstanceOf(NotConnectedError);
  await server.listen();
  expect((await after).told).toBe('OK');
  expect(server.heard).not.toContain('set');
});

test('a pipeline is sent as a whole or not at all', async () => {
  const server = await stub();
  const client = clientOf(server);
  await client.ping();
  await server.vanish(client);
  const { told } = await fate(client.pipeline().set('one', '1').get('one').exec());
  expect(told).toMatchObject([[{ code: 'ERR_REDIS_NOT_CONNECTED' }], [{ code: 'ERR_REDIS_NOT_CONNECTED' }]]);
  await server.listen();
  expect(await client.pipeline().get('two').get('three').exec()).toEqual([
    [null, 'OK'],
    [null, 'OK'],
  ]);
});

test.each([
  ['maxRetriesPerRequest', { maxRetriesPerRequest: null }],
  ['commandTimeout', { commandTimeout: 3 * LIMIT_MILLIS }],
])('who gives %s is taken at his word, also of a duplicate', async (_, options) => {
  const server = await stub();
  const clients = [clientOf(server, options), mine(clientOf(server).duplicate(options))];
  await Promise.all(clients.map((client) => client.ping()));
  await server.vanish(...clients);
  const fates = clients.map((client) => fate(client.get('key')));
  await new Promise((resolve) => setTimeout(resolve, 2 * LIMIT_MILLIS));
  await server.listen();
  for (const { told } of await Promise.all(fates)) expect(told).toBe('OK');
});

test('LIFEGUARD_ACQUIRE_TIMEOUT=off: as ioredis', async () => {
  vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', 'off');
  const server = await stub();
  const client = clientOf(server, { retryStrategy: () => 10 });
  await client.ping();
  await server.vanish(client);
  expect((await fate(client.get('key'))).told).toMatchObject({ name: 'MaxRetriesPerRequestError' });
});

test('a duplicate has the limit too', async () => {
  const server = await stub();
  const copy = mine(clientOf(server).duplicate());
  await copy.ping();
  await server.vanish(copy);
  expect((await fate(copy.get('key'))).told).toBeInstanceOf(NotConnectedError);
});

test('a variable that can’t be used is named together with the options', () => {
  vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', 'soon');
  expect(() => createClient({ lazyConnect: true, tcp: { userTimeoutMillis: -1 } })).toThrow(
    /LIFEGUARD_ACQUIRE_TIMEOUT=soon.*tcp\.userTimeoutMillis=-1/,
  );
});

test('Sentinels that are all away: the same', async () => {
  const server = await stub();
  await server.vanish();
  const sentinels = [{ host: '127.0.0.1', port: server.port }];
  const { told, millis } = await fate(mine(createClient({ sentinels, name: 'main' })).get('key'));
  expect(told).toBeInstanceOf(NotConnectedError);
  expect(told).toMatchObject({ cause: { message: expect.stringContaining('All sentinels are unreachable') } });
  expectLimit(millis);
});

test('a cluster of which no node can be had: the same, and the cause says why', async () => {
  const server = await stub();
  await server.vanish();
  const cluster = mine(createCluster([{ host: '127.0.0.1', port: server.port }]));
  const { told, millis } = await fate(cluster.get('key'));
  expect(told).toMatchObject({ code: 'ERR_REDIS_NOT_CONNECTED', cause: { code: 'ECONNREFUSED' } });
  expectLimit(millis);
});
