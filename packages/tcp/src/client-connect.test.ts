import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { onClientConnect } from './client-connect.js';
import { fdOf } from './fd.js';
import { discard, startServer, startTlsServer, TRUST } from './testing/servers.js';

function listen(): { socket: Socket; host: string; fd: number; connecting: boolean }[] {
  const told: { socket: Socket; host: string; fd: number; connecting: boolean }[] = [];
  onTestFinished(
    onClientConnect((socket, host) => {
      told.push({ socket, host, fd: fdOf(socket), connecting: socket.connecting });
    }),
  );
  return told;
}

test('a socket is told of when it has connected, before its own listeners, with the host as the program gave it', async () => {
  const { port } = await startServer();
  const told = listen();
  const socket = discard(net.connect({ port, host: 'localhost' }));
  const seen = new Promise((resolve) => socket.once('connect', () => resolve(told.length)));
  expect(told).toEqual([]);
  expect(await seen).toBe(1);
  expect(told).toEqual([{ socket, host: 'localhost', fd: fdOf(socket), connecting: false }]);
});

test('a TLS socket is told of once, before its handshake', async () => {
  const { port, host } = await startTlsServer();
  const told = listen();
  const socket = discard(tls.connect({ port, host, ...TRUST }));
  await once(socket, 'secureConnect');
  expect(told).toMatchObject([{ host }]);
});

test('a socket that connects again is told of again, once', async () => {
  const { port, host } = await startServer();
  const told = listen();
  const socket = discard(new net.Socket());
  for (const round of [1, 2]) {
    await once(socket.connect(port, host), 'connect');
    expect(told).toHaveLength(round);
    socket.destroy();
    await once(socket, 'close');
  }
});

test('the program can count nothing: no listener, and no property that is listed', async () => {
  const { port, host } = await startServer();
  const plain = discard(new net.Socket());
  await once(plain.connect(port, host), 'connect');
  listen();
  const socket = discard(new net.Socket());
  const connected = once(socket.connect(port, host), 'connect');
  const count = (each: Socket) => each.eventNames().map((name) => [name, each.listenerCount(name)]);
  expect(socket.listenerCount('connect')).toBe(1);
  await connected;
  expect(count(socket)).toEqual(count(plain));
  expect(Object.keys(socket).sort()).toEqual(Object.keys(plain).sort());
});

test('removing all listeners does not undo it', async () => {
  const { port, host } = await startServer();
  const told = listen();
  const socket = discard(net.connect(port, host));
  socket.removeAllListeners();
  await once(socket, 'connect');
  expect(told).toHaveLength(1);
});

test('a wrapper that somebody else puts around emit meanwhile stays', async () => {
  const { port, host } = await startServer();
  const told = listen();
  const socket = discard(net.connect(port, host));
  const { emit } = socket;
  const events: unknown[] = [];
  const wrapper = function wrapped(this: Socket, ...args: Parameters<Socket['emit']>) {
    events.push(args[0]);
    return Reflect.apply(emit, this, args);
  } as Socket['emit'];
  socket.emit = wrapper;
  await once(socket, 'connect');
  socket.destroy();
  await once(socket, 'close');
  expect(socket.emit).toBe(wrapper);
  expect(events).toContain('close');
  expect(told).toHaveLength(1);
});

test('after the subscription has ended nothing is told, not even of a socket that was connecting', async () => {
  const { port, host } = await startServer();
  let count = 0;
  const unsubscribe = onClientConnect(() => {
    count += 1;
  });
  const socket = discard(net.connect(port, host));
  unsubscribe();
  await once(socket, 'connect');
  expect(count).toBe(0);
});

test('a listener that throws breaks no connect', async () => {
  const { port, host } = await startServer();
  onTestFinished(
    onClientConnect(() => {
      throw new Error('of the listener');
    }),
  );
  const warned = once(process, 'warning');
  await once(discard(net.connect(port, host)), 'connect');
  const [warning] = await warned;
  expect(warning).toMatchObject({ code: 'LIFEGUARD_LISTENER', message: expect.stringContaining('of the listener') });
});
