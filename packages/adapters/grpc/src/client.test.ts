import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { promisify } from 'node:util';
import {
  connectivityState,
  credentials,
  type ClientOptions as DriverOptions,
  InterceptingCall,
  Metadata,
  status,
} from '@grpc/grpc-js';
import { ConfigError, inspect } from '@lifeguard/tcp';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { createClient } from './client.js';
import { EchoClient, openedSockets, say, startEcho, trusting, untilClosed } from './echo.fixture.js';
import type { ClientOptions } from './options.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 7000,
  keepAliveIntervalMillis: 2000,
  keepAliveCount: 4,
  userTimeoutMillis: 15_000,
};

/** A TLS server’s name can't be an address. */
const TLS_NAME = { 'grpc.ssl_target_name_override': 'localhost' };

function open(address: string, options: ClientOptions = {}, trust = credentials.createInsecure()): EchoClient {
  const client = createClient(EchoClient, address, trust, { tcp: TCP, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A call that stays open on its connection, once it has had its first answer. */
async function occupy(client: EchoClient): Promise<void> {
  const stream = client.repeat({ text: 'hang' });
  stream.on('error', () => {});
  await new Promise((resolve) => stream.once('data', resolve));
  onTestFinished(() => stream.cancel());
}

async function listen(onSocket: (socket: net.Socket) => void): Promise<{ server: net.Server; address: string }> {
  const server = net.createServer((socket) => onSocket(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { server, address: `127.0.0.1:${(server.address() as net.AddressInfo).port}` };
}

test('all four kinds of calls work, by the methods of the generated class', async () => {
  const { address } = await startEcho();
  const client = open(address);
  expect(client).toBeInstanceOf(EchoClient);
  await expect(say(client, 'hello')).resolves.toBe('hello');

  const collected = new Promise((resolve) => {
    const stream = client.collect((_, answer) => resolve(answer?.text));
    stream.write({ text: 'one' });
    stream.end({ text: 'two' });
  });
  await expect(collected).resolves.toBe('one two');

  const repeated = await client.repeat({ text: 'again' }).toArray();
  expect(repeated).toEqual([{ text: 'again' }, { text: 'again' }]);

  const chat = client.chat();
  chat.write({ text: 'a' });
  chat.end();
  await expect(chat.toArray()).resolves.toEqual([{ text: 'a' }]);
});

test.each([
  ['plain', false],
  ['TLS', true],
])('every socket is hardened, and so is that of a reconnect: %s', async (_, tls) => {
  const sockets = openedSockets();
  const server = await startEcho({ tls });
  const client = open(server.address, TLS_NAME, tls ? trusting() : credentials.createInsecure());
  await say(client, 'hello');
  const optionsOf = () => sockets.filter(({ destroyed }) => !destroyed).map((socket) => inspect(socket)?.options);
  expect(optionsOf()).toEqual([TCP]);

  server.kill();
  await Promise.all(sockets.map(untilClosed));
  await startEcho({ tls, port: server.port });
  await expect(say(client, 'again')).resolves.toBe('again');
  expect(optionsOf()).toEqual([TCP]);
  expect(sockets.length).toBeGreaterThan(1);
});

test('calls one after the other need one connection; a call that finds it busy opens another, up to `channels`', async () => {
  const sockets = openedSockets();
  const { address } = await startEcho();
  const client = open(address, { channels: 3 });
  for (let i = 0; i < 5; i += 1) await say(client, 'hello');
  expect(sockets).toHaveLength(1);
  for (let i = 0; i < 7; i += 1) await occupy(client);
  expect(sockets).toHaveLength(3);
});

test('a call goes to the connection with the fewest calls', async () => {
  const sockets = openedSockets();
  const { address } = await startEcho();
  const client = open(address, { channels: 2 });
  for (let i = 0; i < 3; i += 1) await occupy(client);
  const written = sockets.map(({ bytesWritten }) => bytesWritten);
  await say(client, 'x'.repeat(10_000));
  // 2 calls are on the first, 1 on the second.
  const [first, second] = sockets.map(({ bytesWritten }, index) => bytesWritten - (written[index] ?? 0));
  expect(second).toBeGreaterThan(10_000);
  expect(first).toBeLessThan(1000);
});

test('a call after a failed one goes to a connection that stands', async () => {
  const sockets = openedSockets();
  const { address } = await startEcho();
  const client = open(address, { channels: 2 });
  await occupy(client);
  await occupy(client);
  const lost = sockets[0];
  lost?.resetAndDestroy();
  if (lost) await untilClosed(lost);
  await expect(say(client, 'hello')).resolves.toBe('hello');
});

test('errors are the driver’s own: a status with its metadata, a deadline, a cancellation', async () => {
  const { address } = await startEcho();
  const client = open(address);
  const refused = await say(client, 'refuse').catch((error) => error);
  expect(refused).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'not like this' });
  expect(refused.metadata.get('reason')).toEqual(['asked for']);
  await expect(say(client, 'hang', { deadline: Date.now() + 50 })).rejects.toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  });
  const cancelled = new Promise((resolve) => {
    client.say({ text: 'hang' }, new Metadata(), resolve).cancel();
  });
  await expect(cancelled).resolves.toMatchObject({ code: status.CANCELLED });
});

test('with nobody listening a call fails at once, and one that waits for a connection is served when there is one', async () => {
  const { port, address, kill } = await startEcho();
  kill();
  const client = open(address);
  await expect(say(client, 'hello')).rejects.toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringContaining('ECONNREFUSED'),
  });
  const patient = new Promise((resolve) => {
    const metadata = new Metadata({ waitForReady: true });
    client.say({ text: 'patience' }, metadata, (error, answer) => resolve(error ?? answer?.text));
  });
  await startEcho({ port });
  await expect(patient).resolves.toBe('patience');
});

test('a server that shuts down in order gets no more calls, and the next goes to a new connection', async () => {
  const sockets = openedSockets();
  const server = await startEcho();
  const client = open(server.address);
  await say(client, 'hello');
  await server.shutDown();
  await Promise.all(sockets.map(untilClosed));
  await startEcho({ port: server.port });
  await expect(say(client, 'hello')).resolves.toBe('hello');
});

test('waitForReady, getChannel and close work as they do with one channel', async () => {
  const { address } = await startEcho();
  const client = open(address);
  const channel = client.getChannel();
  expect(channel.getTarget()).toBe(`dns:${address}`);
  expect(channel.getConnectivityState(false)).toBe(connectivityState.IDLE);
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve()));
  });
  expect(channel.getConnectivityState(false)).toBe(connectivityState.READY);
  const deadline = new Promise<Error | undefined>((resolve) => {
    channel.watchConnectivityState(connectivityState.READY, Date.now() + 20, resolve);
  });
  await expect(deadline).resolves.toMatchObject({ message: 'Deadline passed without connectivity state change' });
  client.close();
  expect(() => client.say({ text: 'late' }, () => {})).toThrow('Channel has been shut down');
  expect(() => channel.watchConnectivityState(connectivityState.READY, Date.now(), () => {})).toThrow(
    'Channel has been shut down',
  );
});

test('close lets a call finish, and leaves no socket', async () => {
  const sockets = openedSockets();
  const { address } = await startEcho();
  const client = open(address);
  const chat = client.chat();
  chat.write({ text: 'before' });
  await new Promise((resolve) => chat.once('data', resolve));
  client.close();
  chat.write({ text: 'after' });
  chat.end();
  await expect(chat.toArray()).resolves.toEqual([{ text: 'after' }]);
  await Promise.all(sockets.map(untilClosed));
  expect(sockets).toHaveLength(1);
});

test.each([
  ['HTTP/2', credentials.createInsecure()],
  ['TLS', trusting()],
])('close ends a connect that is under way, of a server that says nothing of %s', async (_, trust) => {
  const sockets = openedSockets();
  let hear = () => {};
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const mute = await listen((socket) => socket.on('data', hear));
  const client = open(mute.address, TLS_NAME, trust);
  const call = say(client, 'hello');
  await heard;
  client.close();
  await expect(call).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await Promise.all(sockets.map(untilClosed));
});

test('a call goes to a busy connection rather than to one that can’t be had', async () => {
  const { port } = await startEcho();
  let accepted = 0;
  const onlyOne = await listen((socket) => {
    accepted += 1;
    if (accepted === 1)
      socket
        .pipe(net.connect(port, '127.0.0.1'))
        .on('error', () => {})
        .pipe(socket);
    else socket.destroy();
  });
  const client = open(onlyOne.address, { channels: 2 });
  await occupy(client);
  await expect(say(client, 'second')).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await expect(say(client, 'third')).resolves.toBe('third');
});

test('options for grpc-js reach it, interceptors too', async () => {
  const { address } = await startEcho();
  const seen: string[] = [];
  const client = open(address, {
    'grpc.max_receive_message_length': 100,
    interceptors: [
      (options, next) => {
        seen.push(options.method_definition.path);
        return new InterceptingCall(next(options));
      },
    ],
  });
  await expect(say(client, 'x'.repeat(200))).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(seen).toEqual(['/echo.Echo/Say']);
});

test('bad options are told in one error, before anything is made', () => {
  const make = () =>
    createClient(EchoClient, '127.0.0.1:1', credentials.createInsecure(), {
      channels: 0,
      tcp: { keepAliveCount: 0.5 },
    });
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(/channels[\s\S]*tcp\.keepAliveCount/);
});

test('credentials that are none are refused in the driver’s words', () => {
  const none = {} as ReturnType<typeof credentials.createInsecure>;
  expect(() => createClient(EchoClient, '127.0.0.1:1', none)).toThrow('must be a ChannelCredentials object');
});

test('options in the environment count, those for this client’s name before others', async () => {
  vi.stubEnv('LIFEGUARD_USER_TIMEOUT', '20s');
  vi.stubEnv('LIFEGUARD_ORDERS_USER_TIMEOUT', '30s');
  const sockets = openedSockets();
  const { address } = await startEcho();
  const client = createClient(EchoClient, address, credentials.createInsecure(), { name: 'orders' });
  onTestFinished(() => client.close());
  await say(client, 'hello');
  expect(sockets.map((socket) => inspect(socket)?.options.userTimeoutMillis)).toEqual([30_000]);
});

test('the class is given nothing but what grpc-js knows', () => {
  const given: (DriverOptions | undefined)[] = [];
  class Spy extends (EchoClient as unknown as { new (...args: ConstructorParameters<typeof EchoClient>): EchoClient }) {
    constructor(...args: ConstructorParameters<typeof EchoClient>) {
      given.push(args[2]);
      super(...args);
    }
  }
  const options = { channels: 2, tcp: TCP, name: 'spy', 'grpc.primary_user_agent': 'spy' };
  createClient(Spy, '127.0.0.1:1', credentials.createInsecure(), options).close();
  expect(Object.keys(given[0] ?? {}).sort()).toEqual(['channelOverride', 'grpc.primary_user_agent']);
});

test('with LIFEGUARD_ENABLED=off it is the plain client: its channel is the driver’s, and no socket is hardened', async () => {
  const { address } = await startEcho();
  const program = `
    import { credentials, Channel, makeGenericClientConstructor } from '@grpc/grpc-js';
    import { createClient } from '@lifeguard/grpc';
    import { inspect, onClientSocket } from '@lifeguard/tcp';
    const sockets = [];
    onClientSocket((socket) => sockets.push(socket));
    const options = { channels: 2, tcp: { userTimeoutMillis: 12345 } };
    const client = createClient(makeGenericClientConstructor({}, 'Any'), '${address}', credentials.createInsecure(), options);
    client.waitForReady(Date.now() + 10_000, () => {
      const isPlain = client.getChannel() instanceof Channel;
      console.log(JSON.stringify([isPlain, sockets.map((socket) => inspect(socket).options.userTimeoutMillis)]));
      client.close();
    });`;
  const run = async (enabled: string) => {
    const env = { ...process.env, LIFEGUARD_ENABLED: enabled };
    const cwd = new URL('../../../..', import.meta.url);
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd,
      env,
    });
    return JSON.parse(stdout);
  };
  await expect(run('off')).resolves.toEqual([true, [0]]);
  await expect(run('on')).resolves.toEqual([false, [12_345]]);
});
