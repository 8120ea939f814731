import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClient, NotConnectedError } from './index.js';

const LIMIT_MILLIS = 600;

const cleanups: (() => unknown)[] = [];
beforeEach(() => vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', `${LIMIT_MILLIS}ms`));
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Answers OK to everything, and notes the keys that it is asked for. */
class Stub {
  readonly keys: string[] = [];
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

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => {});
    socket.on('data', (data) => {
      for (const _ of String(data).matchAll(/\*\d+\r\n/g)) socket.write('+OK\r\n');
      for (const [, key = ''] of String(data).matchAll(/GET\r\n\$\d+\r\n(\w+)/g)) this.keys.push(key);
    });
  }
}

type Client = ReturnType<typeof createClient>;

/** A client of a server that has gone. */
async function orphan(options: Parameters<typeof createClient>[0] = {}): Promise<{ client: Client; server: Stub }> {
  const server = new Stub();
  await server.listen();
  cleanups.push(() => server.close());
  const socket = { host: '127.0.0.1', port: server.port, reconnectStrategy: 40 };
  const client = createClient({ socket, ...options }) as Client;
  await client.connect();
  cleanups.push(() => client.isOpen && client.destroy());
  await Promise.all([server.close(), untilError(client)]);
  return { client, server };
}

/** A connection has ended, or a connect has failed. */
const untilError = (client: Client) => new Promise((resolve) => client.once('error', resolve));

/** What became of it, and after how many milliseconds. */
async function fate(call: Promise<unknown>): Promise<{ readonly told: unknown; readonly millis: number }> {
  const start = performance.now();
  const told = await call.catch((error: unknown) => error);
  return { told, millis: performance.now() - start };
}

/** From the limit to the next connect that fails, on a busy machine. */
function expectLimit(millis: number): void {
  expect(millis).toBeGreaterThan(LIMIT_MILLIS - 50);
  expect(millis).toBeLessThan(LIMIT_MILLIS + 1500);
}

test.each([
  ['command', (client: Client) => client.get('key')],
  ['command of a proxy', (client: Client) => client.withTypeMapping({}).get('key')],
  ['transaction', (client: Client) => client.multi().set('key', 'value').get('key').exec()],
  ['pipeline', (client: Client) => client.multi().set('key', 'value').get('key').execAsPipeline()],
])('a %s that can’t be sent is told so at the limit, with the last connect error as the cause', async (_, call) => {
  const { client } = await orphan();
  const { told, millis } = await fate(call(client));
  expect(told).toBeInstanceOf(NotConnectedError);
  expect(told).toMatchObject({ code: 'ERR_REDIS_NOT_CONNECTED', cause: { code: 'ECONNREFUSED' } });
  expectLimit(millis);
});

test('when a client gives up for good, what waited for it is told at once', async () => {
  let isGivenUp = false;
  const server = new Stub();
  await server.listen();
  const reconnectStrategy = () => (isGivenUp ? false : 40);
  const client = createClient({ socket: { host: '127.0.0.1', port: server.port, reconnectStrategy } });
  await client.connect();
  await Promise.all([server.close(), untilError(client)]);
  const call = fate(client.get('key'));
  isGivenUp = true;
  const { told, millis } = await call;
  expect(told).toBeInstanceOf(Error);
  expect(told).not.toBeInstanceOf(NotConnectedError);
  expect(millis).toBeLessThan(LIMIT_MILLIS - 100);
});

test('what the last error says is in the cause, and not in the message: it may hold a password', async () => {
  const server = new Stub();
  await server.listen();
  cleanups.push(() => server.close());
  const client = createClient({
    socket: { host: '127.0.0.1', port: server.port, reconnectStrategy: 40 },
    credentialsProvider: {
      type: 'async-credentials-provider',
      credentials: () => Promise.reject(new Error('no way to https://:hunter2@vault')),
    },
  });
  client.connect().catch(() => {});
  cleanups.push(() => client.destroy());
  const { told } = await fate(client.get('key'));
  expect(told).toMatchObject({
    code: 'ERR_REDIS_NOT_CONNECTED',
    cause: { message: 'no way to https://:hunter2@vault' },
  });
  expect(String(told)).toMatch(/connects have been failing: see the cause$/);
});

test('a subscription that can’t be sent is told the last connect error', async () => {
  const { client } = await orphan();
  const { told, millis } = await fate(client.subscribe('channel', () => {}));
  expect(told).toMatchObject({ code: 'ECONNREFUSED' });
  expectLimit(millis);
});

test('each command has the whole limit for itself, and those who still have time are sent, in their order', async () => {
  const { client, server } = await orphan();
  const early = fate(client.get('early'));
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MILLIS / 2));
  const late = [client.get('one'), client.multi().get('two').execAsPipeline(), client.get('three')].map(fate);
  expect((await early).told).toBeInstanceOf(NotConnectedError);
  await server.listen();
  for (const { told } of await Promise.all(late)) expect(told).not.toBeInstanceOf(Error);
  expect(server.keys).toEqual(['one', 'two', 'three']);
});

test('one that is closed meanwhile tells those who wait', async () => {
  const { client } = await orphan();
  const queued = fate(client.get('key'));
  client.destroy();
  const { told, millis } = await queued;
  expect(told).toMatchObject({ message: 'The client is closed' });
  expect(millis).toBeLessThan(LIMIT_MILLIS);
});

test('who can cancel a command that waits is obeyed', async () => {
  const { client } = await orphan();
  const canceling = new AbortController();
  const queued = fate(client.withAbortSignal(canceling.signal).get('key'));
  canceling.abort();
  const { told, millis } = await queued;
  expect(told).toMatchObject({ message: 'The command was aborted' });
  expect(millis).toBeLessThan(LIMIT_MILLIS);
});

test.each([
  ['of commands that are kept here', {}],
  ['of commands that the driver keeps', { commandsQueueMaxLength: 100 }],
])('a short outage is ridden out, and the next begins anew: %s', async (_, options) => {
  const { client, server } = await orphan(options);
  const queued = fate(client.get('key'));
  await untilError(client);
  await server.listen();
  expect((await queued).told).toBe('OK');
  await new Promise((resolve) => setTimeout(resolve, LIMIT_MILLIS));
  let again: ReturnType<typeof fate> | undefined;
  client.once('error', () => {
    again = fate(client.get('key'));
  });
  await Promise.all([server.close(), untilError(client)]);
  await untilError(client);
  await server.listen();
  expect((await again)?.told).toBe('OK');
});

test('a duplicate has the limit too', async () => {
  const { client } = await orphan();
  const copy = client.duplicate();
  copy.connect().catch(() => {});
  cleanups.push(() => copy.destroy());
  expectLimit((await fate(copy.get('key'))).millis);
});

test('LIFEGUARD_ACQUIRE_TIMEOUT=off: as node-redis, it waits as long as need be', async () => {
  vi.stubEnv('LIFEGUARD_ACQUIRE_TIMEOUT', 'off');
  const { client, server } = await orphan();
  const queued = fate(client.get('key'));
  await new Promise((resolve) => setTimeout(resolve, 2 * LIMIT_MILLIS));
  await server.listen();
  expect((await queued).told).toBe('OK');
});

test('who gives commandOptions.timeout is taken at his word', async () => {
  const { client, server } = await orphan({ commandOptions: { timeout: 10 * LIMIT_MILLIS } });
  const queued = fate(client.get('key'));
  await new Promise((resolve) => setTimeout(resolve, 2 * LIMIT_MILLIS));
  await server.listen();
  expect((await queued).told).toBe('OK');
});

test('who wants no offline queue has none, before and after', async () => {
  const { client } = await orphan({ disableOfflineQueue: true });
  expect((await fate(client.get('key'))).told).toMatchObject({ message: 'The client is offline' });
  await new Promise((resolve) => setTimeout(resolve, 2 * LIMIT_MILLIS));
  expect((await fate(client.get('key'))).told).toMatchObject({ message: 'The client is offline' });
});
