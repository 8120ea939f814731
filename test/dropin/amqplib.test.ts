import { type EventEmitter, once } from 'node:events';
import { channelFactory, connect, createChannelPool, DirtyChannelError } from '@lifeguard/amqplib';
import * as callbacks from '@lifeguard/amqplib/callback_api';
import { type RabbitMq, rabbitMqUnavailable, startRabbitMq } from '@lifeguard/lab';
import type { Pool } from '@lifeguard/pool';
import { type Address, conformance } from '@lifeguard/pool/testing';
import { inspect, onClientSocket } from '@lifeguard/tcp';
import type { Channel, ConfirmChannel } from 'amqplib';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';

const missing = rabbitMqUnavailable();
if (missing) console.warn(`left out: amqplib against RabbitMQ, because ${missing}`);
const impossible = missing !== undefined && process.env['CI'] !== 'true';

const QUEUE = 'left-behind';
const logged: unknown[] = [];
const log = (...words: unknown[]) => void logged.push(words);
const logger = { trace: log, debug: log, info: log, warn: log, error: log };

let server: RabbitMq;
beforeAll(async () => {
  if (!impossible) server = await startRabbitMq('loopback', { tls: true });
});
afterAll(() => server?.close());
beforeEach(() => void logged.splice(0));

/** What is asked of the sockets by the conformance suite: a factory for many channels has options of its own. */
const TCP = { keepAliveIdleMillis: 7000, keepAliveIntervalMillis: 3000, keepAliveCount: 4, userTimeoutMillis: 17_000 };

function at({ host, port }: Address, { password = server.password, vhost = '/' } = {}) {
  return { hostname: host, port, username: server.user, password, vhost };
}

describe.skipIf(impossible)('channelFactory', () => {
  conformance<ConfirmChannel>(
    {
      server: () => ({ host: server.host, port: server.port }),
      makeFactory: (address) => channelFactory({ url: at(address), confirm: true, connections: 2, tcp: TCP }),
      ask: (channel) => channel.checkExchange('amq.direct'),
      dirt: {
        'a consumer': {
          leave: (channel) => consume(channel),
          isLeft: (channel) => consumersOf(channel) > 0,
        },
        'another prefetch': {
          leave: (channel) => Object.assign(channel, { marked: true }).prefetch(1),
          isLeft: (channel) => 'marked' in channel,
        },
        'a message that was not acknowledged': {
          leave: async (channel) => {
            await fill(channel);
            await channel.get(QUEUE);
          },
          isLeft: async (channel) => {
            const again = await channel.get(QUEUE);
            if (again) channel.ack(again);
            return again === false;
          },
        },
        'publishes that are not confirmed': {
          leave: (channel) => channel.publish('amq.direct', 'nobody', Buffer.from('x')),
          isLeft: (channel) => (channel as unknown as { unconfirmed: unknown[] }).unconfirmed.length > 0,
        },
        'a call that is not answered': {
          leave: (channel) => void channel.checkExchange('amq.fanout').catch(() => {}),
          isLeft: (channel) => (channel as unknown as { reply: unknown }).reply !== null,
        },
        'a channel that is being closed': {
          leave: (channel) => void channel.close(),
          isLeft: (channel) =>
            channel.checkExchange('amq.direct').then(
              () => false,
              () => true,
            ),
        },
        'a listener for returned messages': {
          leave: (channel) => channel.on('return', () => {}).publish('', 'nobody', Buffer.from('x')),
          isLeft: (channel) => channel.listenerCount('return') > 0,
        },
      },
      hopeless: {
        'a wrong password': (address) => channelFactory({ url: at(address, { password: 'wrong' }) }),
        'a virtual host that there is not': (address) => channelFactory({ url: at(address, { vhost: 'nope' }) }),
      },
    },
    { describe, test },
  );

  test('a transaction is not left to the next', async () => {
    const pool = open();
    const evicted = once(pool, 'evict');
    const first = await pool.acquire();
    await select(first);
    await pool.release(first);
    const [channel, reason, error] = await evicted;
    expect([channel, reason]).toEqual([first, 'reset-failed']);
    expect(error).toBeInstanceOf(DirtyChannelError);
    expect(error).toMatchObject({ code: 'ERR_AMQP_DIRTY', faults: ['it was made transactional'] });
  });
});

/** amqplib has no method for it: class 90, method 10. */
function select(channel: Channel): Promise<unknown> {
  const { rpc } = channel as unknown as { rpc(method: number, fields: object, answer: number): Promise<unknown> };
  return rpc.call(channel, 0x5a000a, {}, 0x5a000b);
}

async function fill(channel: ConfirmChannel): Promise<void> {
  await channel.assertQueue(QUEUE);
  await channel.purgeQueue(QUEUE);
  channel.sendToQueue(QUEUE, Buffer.from('one'));
  await channel.waitForConfirms();
}

async function consume(channel: Channel): Promise<void> {
  const { queue } = await channel.assertQueue('', { exclusive: false, autoDelete: true });
  await channel.consume(queue, () => {});
}

function consumersOf(channel: Channel): number {
  return (channel as unknown as { consumers: Map<string, unknown> }).consumers.size;
}

type Options = Omit<Parameters<typeof createChannelPool>[0], 'url'>;

function open(options: Options = {}): Pool<Channel> {
  const pool = createChannelPool({ url: server.url, logger, max: 3, ...options });
  onTestFinished(() => pool.close({ timeoutMillis: 1000 }));
  return pool;
}

function openedSockets() {
  const sockets = new Set<Parameters<Parameters<typeof onClientSocket>[0]>[0]>();
  onTestFinished(onClientSocket((socket) => void sockets.add(socket)));
  return sockets;
}

/** Unlike `once` of Node.js it is not ended by an `'error'`. */
function heard(emitter: EventEmitter, event: string): Promise<unknown> {
  return new Promise((resolve) => emitter.once(event, resolve));
}

/** As from the kernel, when it has given up on the peer. */
function lost(): Error {
  return Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' });
}

describe.skipIf(impossible)('a pool of channels', () => {
  test('has all channels on one hardened connection, which is closed with the last', async () => {
    const sockets = openedSockets();
    const pool = open();
    const channels = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]);
    expect(new Set(channels.map(({ connection }) => connection)).size).toBe(1);
    const [socket, ...others] = sockets;
    expect(others).toEqual([]);
    if (process.platform === 'linux') expect(socket && inspect(socket)?.options.userTimeoutMillis).toBe(10_000);
    for (const channel of channels) await pool.release(channel);
    await pool.close();
    expect(socket?.closed).toBe(true);
  });

  test('shares the channels out among as many connections as it may have', async () => {
    const pool = open({ max: 6, connections: 3 });
    const channels = await Promise.all(Array.from({ length: 6 }, () => pool.acquire()));
    const connections = channels.map(({ connection }) => connection);
    const counts = [...new Set(connections)].map((each) => connections.filter((other) => other === each).length);
    expect(counts).toEqual([2, 2, 2]);
    for (const channel of channels) await pool.release(channel);
  });

  test.each([
    ['404', (channel: Channel) => channel.checkQueue('nope')],
    ['406', (channel: Channel) => channel.assertExchange('amq.direct', 'fanout')],
  ])(
    'replaces a channel that the server has closed with %s; the others, and the connection, stay',
    async (code, fail) => {
      const sockets = openedSockets();
      const pool = open();
      const [one, other] = await Promise.all([pool.acquire(), pool.acquire()]);
      await expect(fail(one)).rejects.toMatchObject({ code: Number(code) });
      await pool.release(one);
      const next = await pool.acquire();
      expect(next).not.toBe(one);
      for (const channel of [next, other]) await expect(channel.checkExchange('amq.direct')).resolves.toEqual({});
      expect(sockets.size).toBe(1);
      await pool.release(next);
      await pool.release(other);
    },
  );

  test('opens another connection after a loss', async () => {
    const sockets = openedSockets();
    const pool = open();
    const [one, other] = await Promise.all([pool.acquire(), pool.acquire()]);
    await pool.release(other);
    const [socket] = sockets;
    const call = one.checkExchange('amq.direct');
    socket?.destroy(lost());
    await expect(call).rejects.toThrow(/Channel ended/);
    await pool.release(one);
    await pool.use((channel) => channel.checkExchange('amq.direct'));
    expect(sockets.size).toBe(2);
  });

  test('what the server returns to one borrower is not told to the next', async () => {
    const pool = open({ max: 1 });
    await pool.use(async (channel) => channel.publish('', 'nobody', Buffer.from('x'), { mandatory: true }));
    const returned: unknown[] = [];
    await pool.use((channel) => {
      channel.on('return', (message) => returned.push(message));
      return channel.checkExchange('amq.direct');
    });
    expect(returned).toEqual([]);
  });

  test('waits for the confirms of a loan, but not for ever', async () => {
    const pool = open({ confirm: true });
    const channel = await pool.acquire();
    channel.publish('amq.direct', 'nobody', Buffer.from('x'));
    await pool.release(channel);
    const again = await pool.acquire();
    expect(again).toBe(channel);
    const evicted = once(pool, 'evict');
    await server.freeze();
    again.publish('amq.direct', 'nobody', Buffer.from('x'));
    await pool.release(again);
    const [, reason, error] = await evicted;
    await server.thaw();
    expect(reason).toBe('reset-failed');
    expect(error).toMatchObject({ faults: ['1 publishes were not confirmed: not within 1000 ms'] });
  });

  test('refuses options that it can’t use, before it connects', () => {
    expect(() => createChannelPool({ url: server.url, tcp: { keepAliveCount: 0 } })).toThrow(/tcp.keepAliveCount/);
    expect(() => createChannelPool({ url: server.url, connections: 0 })).toThrow(/connections=0/);
  });
});

describe.skipIf(impossible)('connect', () => {
  test('gives an ordinary connection, over TLS as well, on a socket that is hardened', async () => {
    const sockets = openedSockets();
    const { host, tlsPort, user, password, ca } = server;
    const url = { protocol: 'amqps', hostname: host, port: tlsPort ?? 0, username: user, password };
    const connection = await connect(url, { ca: ca ?? '', clientProperties: { connection_name: 'us' }, tcp: TCP });
    expect(connection.connection.serverProperties.product).toBe('RabbitMQ');
    const [socket] = sockets;
    if (process.platform === 'linux') expect(socket && inspect(socket)?.options).toMatchObject(TCP);
    await connection.close();
  });

  test('with recovery, each socket is hardened, and the service is back soon', async () => {
    const sockets = openedSockets();
    const connection = await connect(server.url, { recovery: true, tcp: TCP });
    for (const round of [1, 2]) {
      const back = heard(connection, 'connect');
      [...sockets].at(-1)?.destroy(lost());
      await back;
      expect(sockets.size).toBe(round + 1);
      const socket = [...sockets].at(-1);
      if (process.platform === 'linux') expect(socket && inspect(socket)?.options).toMatchObject(TCP);
    }
    const channel = await connection.createChannel();
    await channel.checkExchange('amq.direct');
    await connection.close();
  });

  test('with recovery, a channel that fails in `setup` costs neither the process nor the connection', async () => {
    const sockets = openedSockets();
    const setup = async (model: { createChannel(): Promise<Channel> }) => {
      const channel = await model.createChannel();
      await expect(channel.checkQueue('nope')).rejects.toMatchObject({ code: 404 });
    };
    const connection = await connect(server.url, { recovery: { setup } });
    await (await connection.createChannel()).checkExchange('amq.direct');
    expect(sockets.size).toBe(1);
    await connection.close();
  });

  test('with recovery, a connection that is lost in `setup` is followed by another', async () => {
    const sockets = openedSockets();
    const setup = async () => {
      const [first, ...others] = sockets;
      if (first === undefined || others.length > 0) return;
      const closed = heard(first, 'close');
      first.destroy(lost());
      await closed;
    };
    const connection = await connect(server.url, { recovery: { setup } });
    await (await connection.createChannel()).checkExchange('amq.direct');
    expect(sockets.size).toBe(2);
    await connection.close();
  });

  test('an error of a channel that nobody listens to costs the channel, and not the connection', async () => {
    const connection = await connect(server.url);
    const [one, other] = [await connection.createChannel(), await connection.createChannel()];
    await expect(one.checkQueue('nope')).rejects.toMatchObject({ code: 404 });
    await expect(other.checkExchange('amq.direct')).resolves.toEqual({});
    await connection.close();
  });

  test('an error of the connection that nobody listens to ends nothing; who listens is told', async () => {
    const sockets = openedSockets();
    const [quiet, watched] = [await connect(server.url), await connect(server.url)];
    const told = heard(watched, 'close');
    for (const socket of sockets) socket.destroy(lost());
    expect(await told).toMatchObject({ code: 'ETIMEDOUT' });
    await expect(quiet.createChannel()).rejects.toThrow(/Connection closed/);
  });

  test('keeps the password out of every error and log line', async () => {
    const secret = 'open-sesame';
    const urls = [
      `amqp://lab:${secret}@${server.host}:${server.port}`,
      `amqp://lab:${secret}@${server.host}:1`,
      `http://lab:${secret}@${server.host}`,
      `amqp//lab:${secret}@${server.host}`,
    ];
    for (const url of urls) {
      const errors = [
        await connect(url).catch((error: unknown) => error),
        await open({ logger, url, acquireTimeoutMillis: 300 } as Options)
          .acquire()
          .catch((error: unknown) => error),
      ];
      for (const error of errors) {
        expect(error).toBeInstanceOf(Error);
        const { stack, cause } = error as Error;
        expect(`${stack}${(cause as Error | undefined)?.stack}${JSON.stringify(error)}`).not.toContain(secret);
      }
    }
    const lines = logged.flat().map((word) => `${JSON.stringify(word)}${(word as { err?: Error }).err?.stack}`);
    expect(lines.join()).not.toContain(secret);
  });

  test('hears of a server that shuts down: 320; a pool has its channels from the next', async () => {
    const passing = await startRabbitMq('loopback');
    onTestFinished(() => passing.close());
    const connection = await connect(passing.url);
    const pool = createChannelPool({ url: passing.url, logger });
    onTestFinished(() => pool.close({ timeoutMillis: 1000 }));
    await pool.use((channel) => channel.checkExchange('amq.direct'));
    const closed = heard(connection, 'close');
    const evicted = once(pool, 'evict');
    await passing.stop();
    expect(await closed).toMatchObject({ code: 320 });
    expect((await evicted)[1]).toBe('socket-closed');
    const channel = pool.acquire({ timeoutMillis: 30_000 });
    await passing.restart();
    await (await channel).checkExchange('amq.direct');
    await pool.release(await channel);
  });
});

describe.skipIf(impossible)('connect of callback_api', () => {
  type Connection = Parameters<Parameters<typeof callbacks.connect>[2] & object>[1];

  const connected = (options: callbacks.SocketOptions & callbacks.LifeguardOptions) =>
    new Promise<Connection>((resolve, reject) => {
      callbacks.connect(server.url, options, (error, connection) => (error ? reject(error) : resolve(connection)));
    });
  const over = (connection: { close(callback: (error: Error) => void): void }) =>
    new Promise((resolve) => connection.close(resolve));

  test('gives an ordinary connection, on a socket that is hardened', async () => {
    const sockets = openedSockets();
    const connection = await connected({ tcp: TCP });
    const [socket] = sockets;
    if (process.platform === 'linux') expect(socket && inspect(socket)?.options).toMatchObject(TCP);
    const exists = await new Promise((resolve) => {
      connection.createChannel((_, channel) => channel.checkExchange('amq.direct', resolve));
    });
    expect(exists).toBeNull();
    await over(connection);
  });

  test('takes an address alone, and tells who can’t get in', async () => {
    const { host, port, user } = server;
    const refused = new Promise((resolve) => callbacks.connect({ hostname: host, port, username: user }, resolve));
    expect(await refused).toMatchObject({ message: expect.stringContaining('ACCESS_REFUSED') });
  });

  test('an error of a channel that nobody listens to costs the channel, and not the connection', async () => {
    const connection = await connected({});
    const fate = new Promise((resolve) => connection.createChannel((_, one) => one.checkQueue('nope', resolve)));
    expect(await fate).toMatchObject({ code: 404 });
    const other = await new Promise((resolve) => connection.createChannel(resolve));
    expect(other).toBeNull();
    await over(connection);
  });

  test('with recovery, each socket is hardened, and the service is back soon', async () => {
    const sockets = openedSockets();
    const connection = callbacks.connect(server.url, { recovery: true, tcp: TCP });
    await heard(connection, 'connect');
    const back = heard(connection, 'connect');
    for (const socket of sockets) socket.destroy(lost());
    await back;
    const again = [...sockets].at(-1);
    if (process.platform === 'linux') expect(again && inspect(again)?.options).toMatchObject(TCP);
    const fate = new Promise((resolve) => connection.createChannel((_, one) => one.checkQueue('nope', resolve)));
    expect(await fate).toMatchObject({ code: 404 });
    await over(connection);
  });

  test('with recovery, a channel that fails in `setup` costs neither the process nor the connection', async () => {
    const sockets = openedSockets();
    const setup = (model: Connection, done: () => void) => {
      model.createChannel((_, channel) => channel.checkQueue('nope', () => done()));
    };
    const connection = callbacks.connect(server.url, { recovery: { setup } });
    await heard(connection, 'connect');
    expect(await new Promise((resolve) => connection.createChannel(resolve))).toBeNull();
    expect(sockets.size).toBe(1);
    await over(connection);
  });

  test('refuses options that it can’t use, before it connects', () => {
    const tcp = { keepAliveCount: 0 };
    expect(() => callbacks.connect(server.url, { tcp }, () => {})).toThrow(/keepAliveCount/);
  });
});
