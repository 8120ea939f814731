import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import { onTestFinished } from 'vitest';
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.fixture.js';

/** What a line says is what the server does. Any other line it sends back. */
const DEEDS: Readonly<Record<string, (socket: Socket) => void>> = {
  'say nothing': () => {},
  'say two lines': (socket) => socket.write('one\ntwo\n'),
  end: (socket) => socket.end(),
  // A TLS socket can't send a RST of its own.
  reset: (socket) => (socket instanceof tls.TLSSocket ? socket.destroy() : socket.resetAndDestroy()),
};

export interface LineServer {
  readonly port: number;
  /** What it has accepted and not lost. */
  readonly sockets: ReadonlySet<Socket>;
}

/** A server on 127.0.0.1 for as long as a test runs. */
export async function startServer(transport: 'plain' | 'tls' = 'plain'): Promise<LineServer> {
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    socket.setEncoding('utf8').on('data', (text) => {
      for (const line of String(text).trimEnd().split('\n')) (DEEDS[line] ?? ((it) => it.write(`${line}\n`)))(socket);
    });
  };
  const server: Server =
    transport === 'plain'
      ? net.createServer(serve)
      : tls.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

/** Sends a line and reads one line. */
export async function ask(socket: Socket, line: string): Promise<string> {
  await say(socket, line);
  return read(socket);
}

/** Resolves once it is sent. */
export function say(socket: Socket, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

/** @throws if the socket fails or closes before that */
export async function read(socket: Socket): Promise<string> {
  for (;;) {
    const bytes: Buffer | null = socket.read();
    if (bytes !== null) return bytes.toString();
    if (socket.destroyed) throw socket.errored ?? new Error('closed');
    await firstOf(socket, ['readable', 'close']);
  }
}

/** Leaves no listener behind. */
async function firstOf(socket: Socket, events: readonly string[]): Promise<void> {
  const controller = new AbortController();
  try {
    await Promise.race(events.map((event) => once(socket, event, { signal: controller.signal })));
  } finally {
    controller.abort();
  }
}
