import { once } from 'node:events';
import net, { type AddressInfo, createServer, type Socket } from 'node:net';
import { createClient } from 'redis';
import { expect, onTestFinished, test } from 'vitest';
import { followConnects, marked } from './follow.js';

test('what a listener opens that hears of a client’s being ready is none of the client’s sockets', async () => {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket.on('error', () => {}));
    socket.on('data', (data) => socket.write('+OK\r\n'.repeat(String(data).match(/\*\d+\r\n/g)?.length ?? 0)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const prepared: Socket[] = [];
  const prepare = (socket: Socket) => void prepared.push(socket);
  const socket = { host: '127.0.0.1', port, reconnectStrategy: 1 };
  const client = createClient(marked({ socket }, { prepare, limit: undefined })).on('error', () => {});
  followConnects(client);
  onTestFinished(() => {
    client.destroy();
    for (const connection of connections) connection.destroy();
    server.close();
  });
  await client.connect();
  const foreign = new Promise<Socket>((resolve) => {
    client.once('ready', () => {
      const opened = net.connect(port, '127.0.0.1', () => resolve(opened.destroy()));
    });
  });
  connections[0]?.destroy();
  expect(prepared).not.toContain(await foreign);
  // Its first, and that of its reconnect.
  expect(prepared).toHaveLength(2);
});

test('what is opened after a client has given up is none of its sockets', async () => {
  const server = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;

  const prepared: Socket[] = [];
  const prepare = (socket: Socket) => void prepared.push(socket);
  const nowhere = { host: '127.0.0.1', port: 1, reconnectStrategy: false } as const;
  const client = createClient(marked({ socket: nowhere }, { prepare, limit: undefined }));
  followConnects(client);
  const foreign = new Promise<Socket>((resolve) => {
    client.on('error', () =>
      setImmediate(() => {
        const opened = net.connect(port, '127.0.0.1', () => resolve(opened.destroy()));
      }),
    );
  });
  await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(prepared).not.toContain(await foreign);
  expect(prepared).toHaveLength(1);
});
