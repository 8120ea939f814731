import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, inspect } from '@lifeguard/tcp';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { guard } from './guard.js';

let port: number;

beforeAll(async () => {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  ({ port } = server.address() as AddressInfo);
  return () => void server.close();
});

async function connect(): Promise<Socket> {
  await sleep(1);
  const socket = net.connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const userTimeoutOf = (socket: Socket) => inspect(socket)?.options.userTimeoutMillis ?? 'unknown';
const UNTOUCHED = inspect(new net.Socket()) === undefined && process.platform === 'linux' ? 0 : 'unknown';
const HARDENED = UNTOUCHED === 0 ? 7000 : 'unknown';
const options = { userTimeoutMillis: 7000 };

/** As drivers have it: private state, a socket for each of some calls, and methods that return it. */
class Client {
  readonly #sockets: Socket[] = [];
  readonly kind = 'client';

  async open(): Promise<Socket> {
    const socket = await connect();
    this.#sockets.push(socket);
    return socket;
  }

  on(): this {
    return this;
  }

  get count(): number {
    return this.#sockets.length;
  }
}

test('what a function opens is hardened, awaited too, and what others open is not', async () => {
  const [mine, other] = await Promise.all([guard(connect, options), connect()]);
  expect([userTimeoutOf(mine), userTimeoutOf(other)]).toEqual([HARDENED, UNTOUCHED]);
});

test('what the methods of a client open is hardened, whenever they are called', async () => {
  const client = guard(new Client(), options);
  await sleep(5);
  const [mine, other] = await Promise.all([client.open(), connect()]);
  expect([userTimeoutOf(mine), userTimeoutOf(other)]).toEqual([HARDENED, UNTOUCHED]);
});

test('a client keeps its face: its class, its state, and that a method returns it', async () => {
  const client = guard(new Client(), options);
  await client.open();
  expect(client).toBeInstanceOf(Client);
  expect([client.kind, client.count]).toEqual(['client', 1]);
  expect(client.on()).toBe(client);
  expect(client.open).toBe(client.open);
});

test('a client can be a function with methods on it', async () => {
  const client = guard(
    Object.assign((name: string) => `hello ${name}`, { open: connect }),
    options,
  );
  expect(client('you')).toBe('hello you');
  expect(userTimeoutOf(await client.open())).toBe(HARDENED);
});

test('a bad option is an error before anything is called', () => {
  let called = false;
  const call = () => {
    called = true;
    return {};
  };
  expect(() => guard(call, { userTimeoutMillis: -1 })).toThrow(ConfigError);
  expect(called).toBe(false);
});
