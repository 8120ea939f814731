import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createClient } from './index.js';

type Answer = (command: string, socket: Socket) => string | undefined;

/** Speaks RESP as far as it is needed here: a command's name, and `sentinel` with what it is asked. @returns its port */
async function startServer(answer: Answer): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      for (const [, name = '', first = ''] of String(data).matchAll(
        /\*\d+\r\n\$\d+\r\n(\w+)(?:\r\n\$\d+\r\n([\w-]+))?/g,
      )) {
        const command = name === 'sentinel' ? first : name;
        const text = answer(command, socket);
        if (text !== undefined) socket.write(text);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

const bulks = (...words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;

test('a failover that is announced while the Sentinels are being asked does not end the client', async () => {
  const master = await startServer((command) => (command === 'info' ? '$0\r\n\r\n' : '+OK\r\n'));
  let isSilent = false;
  const events = new EventEmitter();
  const whereMaster = bulks('127.0.0.1', String(master.port));
  const sentinel = await startServer((command, socket) => {
    events.emit(command, socket);
    if (command === 'subscribe') return '*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n';
    if (command === 'sentinels') return '*0\r\n';
    if (command !== 'get-master-addr-by-name') return '+OK\r\n';
    return isSilent ? undefined : whereMaster;
  });

  const subscribed = once(events, 'subscribe') as Promise<[Socket]>;
  const client = createClient({
    sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
    name: 'main',
    failoverDetector: true,
    enableReadyCheck: false,
  });
  onTestFinished(() => client.disconnect());
  const ends: unknown[] = [];
  client.on('error', () => {}).on('end', () => ends.push('end'));
  const [subscriber] = await subscribed;
  await client.get('key');

  isSilent = true;
  const asked = once(events, 'get-master-addr-by-name') as Promise<[Socket]>;
  for (const socket of master.sockets) socket.destroy();
  const [asking] = await asked;
  subscriber.write(bulks('message', '+switch-master', 'main 127.0.0.1 1 127.0.0.1 2'));
  isSilent = false;
  // Another turn of the event loop, in which the client reads that.
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
  asking.write(whereMaster);
  expect(await client.get('key')).toBe('OK');
  expect(ends).toEqual([]);
});
