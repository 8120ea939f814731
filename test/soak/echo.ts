import { once } from 'node:events';
import net from 'node:net';
import type { Random } from './random.js';

/** Of this many requests, one costs its connection. */
const ONE_IN = { reset: 2000, end: 2000 };

/** A server on the loopback address that says back what it hears, and at random ends a connection instead. */
export class EchoServer {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  constructor(random: Random) {
    this.#server = net.createServer((socket) => this.#serve(socket, random));
  }

  /** @returns its port */
  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as net.AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Ends the connections that are left, too. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: net.Socket, random: Random): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (random.oneIn(ONE_IN.reset)) socket.resetAndDestroy();
      else if (random.oneIn(ONE_IN.end)) socket.end();
      else socket.write(data);
    });
  }
}

/** The client's end: one question at a time. */
export class EchoConnection {
  readonly #socket: net.Socket;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay();
    socket.on('error', () => {});
  }

  static async open(port: number): Promise<EchoConnection> {
    const socket = net.connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new EchoConnection(socket);
  }

  /** Rejects if the connection ends before the answer. */
  ask(text: string): Promise<string> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const hear = (data: Buffer) => {
        socket.off('close', fail);
        resolve(String(data));
      };
      const fail = () => {
        socket.off('data', hear);
        reject(Object.assign(new Error('the connection has ended'), { code: 'ECONNRESET' }));
      };
      if (socket.destroyed || socket.readableEnded) return fail();
      socket.once('data', hear);
      socket.once('close', fail);
      socket.write(text);
    });
  }

  /** With a reset, which leaves no port waiting, or in order. */
  async close(how: 'reset' | 'in order'): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.end();
    await closed;
  }
}
