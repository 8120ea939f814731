import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.fixture.js';

export interface TestServer {
  readonly port: number;
  readonly url: string;
  /** All that were accepted, in their order. */
  readonly sockets: readonly Duplex[];
  /** Accepts no more: who connects is refused. */
  stop(): void;
}

/** Answers `/hang` never, `/close` with a connection that it closes without a word of it, and all else with `ok`. */
export async function startServer(kind: 'plain' | 'tls' | 'h2' = 'plain'): Promise<TestServer> {
  const secrets = { key: TEST_KEY, cert: TEST_CERTIFICATE };
  const server =
    kind === 'plain'
      ? http.createServer(answer)
      : kind === 'tls'
        ? https.createServer(secrets, answer)
        : http2.createSecureServer(secrets, (request, response) => {
            if (request.url !== '/hang') response.end('ok');
          });
  const sockets: Duplex[] = [];
  server.on(kind === 'plain' ? 'connection' : 'secureConnection', (socket: Duplex) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${kind === 'plain' ? 'http' : 'https'}://127.0.0.1:${port}`,
    sockets,
    stop: () => server.close(),
  };
}

function answer({ url, socket }: http.IncomingMessage, response: http.ServerResponse): void {
  // Without an announcement of how long the connection is left open.
  response.setHeader('connection', 'keep-alive');
  if (url === '/hang') return;
  if (url === '/close') response.on('finish', () => setImmediate(() => socket.destroy()));
  response.end('ok');
}

/** Closes a server's end at once: the FIN is in the client's kernel when this returns, and nobody has read it. */
export function closeUnseen(socket: Duplex | undefined): void {
  // Below TLS, which would say goodbye first.
  const { _parent: below } = socket as Socket & { readonly _parent?: Socket | null };
  (below ?? socket)?.destroy();
}
