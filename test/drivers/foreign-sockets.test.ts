import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { clientSocketsOf } from './foreign-sockets.js';

const UNTOUCHED = { keepAlive: 0, userTimeout: 0 };

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test.runIf(process.platform === 'linux')(
  'of a process each client socket is seen, with its options as they are; none that listens or was accepted',
  async () => {
    const server = createServer((socket) => onTestFinished(() => void socket.destroy())).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const before = new Set(clientSocketsOf(process.pid).map(({ inode }) => inode));
    const own = () => clientSocketsOf(process.pid).filter(({ inode }) => !before.has(inode));
    const { port } = server.address() as AddressInfo;

    const [one] = [await open(port), await open(port)];
    expect(own().map(({ options }) => options)).toMatchObject([UNTOUCHED, UNTOUCHED]);
    one.setKeepAlive(true, 7000);
    expect(own().map(({ options }) => options)).toMatchObject([{ keepAlive: 1, idle: 7, userTimeout: 0 }, UNTOUCHED]);
    one.destroy();
    await once(one, 'close');
    expect(own()).toHaveLength(1);
  },
);
