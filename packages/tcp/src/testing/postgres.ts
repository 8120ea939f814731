import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { onTestFinished } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.js';

const SSL_REQUEST_LENGTH = 8;

/** AuthenticationOk and ReadyForQuery: all that a PostgreSQL client needs to be connected. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/** Lets PostgreSQL clients connect, with TLS if they ask for it, and answers no query. */
export async function startPostgresHandshakes(): Promise<number> {
  const server = net.createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.once('data', (first: Buffer) => {
      if (first.length === SSL_REQUEST_LENGTH) welcomeOverTls(socket);
      else socket.write(WELCOME);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function welcomeOverTls(socket: Socket): void {
  socket.write('S');
  const secure = new tls.TLSSocket(socket, { isServer: true, key: TEST_KEY, cert: TEST_CERTIFICATE });
  secure.on('error', () => {}).once('data', () => secure.write(WELCOME));
}
