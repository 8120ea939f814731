import { once } from 'node:events';
import net from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Driver, DriverConnection } from './driver.js';
import { Opener } from './opener.js';

// A mock of the driver, on real sockets: the server that sends a client on (MariaDB 11.3) can't be had here.

interface FakeConnection extends DriverConnection {
  readonly socket: net.Socket;
}

test('as long as the driver opens its sockets at once, it is said so', async () => {
  const opener = new Opener(driverOn(await listen()));
  const { socket } = await opener.open({});
  expect(socket.destroyed).toBe(false);
  expect(opener.opensAtOnce).toBe(true);
});

test('a connection on a socket that was opened late is given up; from the next on it is not said any more, and they are kept', async () => {
  const opened: net.Socket[] = [];
  const opener = new Opener(driverOn(await listen(), { sentOn: true, opened }));
  await expect(opener.open({})).rejects.toMatchObject({ code: 'ER_SOCKET_OPENED_LATE' });
  expect(opener.opensAtOnce).toBe(false);
  expect(opened.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  const { socket } = await opener.open({});
  expect(socket.destroyed).toBe(false);
});

test('of several that are opened together, each on a socket that was opened late is given up', async () => {
  const opener = new Opener(driverOn(await listen(), { sentOn: true }));
  const outcomes = await Promise.allSettled([opener.open({}), opener.open({})]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a connection that has died as it was opened says nothing of the others', async () => {
  const driver = driverOn(await listen());
  const opener = new Opener({ ...driver, open: async (options) => dead(await driver.open(options)) });
  await opener.open({});
  expect(opener.opensAtOnce).toBe(true);
});

async function listen(): Promise<number> {
  const server = net.createServer((socket) => socket.resume()).listen(0);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

interface Behaviour {
  /** Whether the server sends the client on. */
  readonly sentOn?: boolean;
  /** Is given each socket. */
  readonly opened?: net.Socket[];
}

function driverOn(port: number, { sentOn = false, opened = [] }: Behaviour = {}): Driver<FakeConnection> {
  const connect = async () => {
    const socket = net.connect(port);
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    opened.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const open = async () => {
    let socket = await connect();
    if (sentOn) {
      socket.destroy();
      await nextTurn();
      socket = await connect();
    }
    const connection = {
      socket,
      isValid: () => !socket.destroyed,
      // As the driver: a connection that has ended has none.
      __tests: { getSocket: () => (socket.destroyed ? undefined : socket) },
      on() {},
    };
    return connection as unknown as FakeConnection;
  };
  return { open } as unknown as Driver<FakeConnection>;
}

function dead(connection: FakeConnection): FakeConnection {
  connection.socket.destroy();
  return connection;
}
