import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls, { type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.js';

/** A server that answers nothing and keeps what connects to it, until the test ends. */
export interface TestServer {
  readonly port: number;
  readonly host: string;
  /** Server's ends of the connections, in the order in which they came. */
  readonly accepted: readonly Socket[];
  /** The server's end of the next connection. */
  accept(): Promise<Socket>;
  close(): Promise<void>;
}

export function startServer(host = '127.0.0.1'): Promise<TestServer> {
  return listen(net.createServer({ allowHalfOpen: true }), 'connection', host);
}

export function startTlsServer(host = '127.0.0.1'): Promise<TestServer> {
  return listen(tls.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }), 'secureConnection', host);
}

/** Path of the Unix socket of a server that answers nothing. */
export async function startUnixServer(): Promise<string> {
  const path = unixSocketPath();
  const server = net.createServer((socket) => onTestFinished(() => void socket.destroy()));
  server.listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return path;
}

export function unixSocketPath(): string {
  return join(tmpdir(), `lifeguard-${process.pid}-${randomUUID()}.sock`);
}

/** For clients of the servers here. */
export const TRUST = { ca: TEST_CERTIFICATE } as const;

async function listen(server: net.Server, connection: string, host: string): Promise<TestServer> {
  const accepted: Socket[] = [];
  server.on(connection, (socket: Socket) => {
    accepted.push(socket);
    socket.on('error', () => {}).resume();
  });
  server.listen(0, host);
  await once(server, 'listening');
  const close = async () => {
    // Never the raw socket below a server's TLS socket: Node.js crashes when both are destroyed in that order.
    for (const socket of accepted) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    host,
    accepted,
    accept: async () => {
      const [socket] = await once(server, connection);
      return socket as Socket;
    },
    close,
  };
}

/** A connected client socket. */
export async function connect(server: TestServer): Promise<Socket> {
  const socket = discard(net.connect(server.port, server.host));
  await once(socket, 'connect');
  return socket;
}

/** A TLS client socket after its handshake. */
export async function connectTls(server: TestServer): Promise<TLSSocket> {
  const socket = discard(tls.connect({ port: server.port, host: server.host, ...TRUST }));
  await once(socket, 'secureConnect');
  return socket;
}

/** TLS over a socket that is connected already, as PostgreSQL's and MySQL's drivers do it. */
export async function upgrade(socket: Socket, host: string): Promise<TLSSocket> {
  const upgraded = discard(tls.connect({ socket, host, ...TRUST }));
  await once(upgraded, 'secureConnect');
  return upgraded;
}

/** Destroys a socket when the test ends. */
export function discard<S extends net.Socket>(socket: S): S {
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}
