import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import type { Address } from './subject.js';

const HOST = '127.0.0.1';

/**
 * Stands between a driver and its server, and ends connections in ways for which most servers have no command. It is no
 * network that loses packets: for that see @lifeguard/lab.
 */
export class Relay {
  readonly #server: Server;
  readonly #target: Address;
  readonly #clients = new Set<Socket>();
  #port = 0;

  private constructor(target: Address) {
    this.#target = target;
    this.#server = net.createServer((client) => this.#join(client));
  }

  static async start(target: Address): Promise<Relay> {
    const relay = new Relay(target);
    await relay.listen();
    return relay;
  }

  get address(): Address {
    return { host: HOST, port: this.#port };
  }

  /** How many connections it holds. */
  get open(): number {
    return this.#clients.size;
  }

  /** Listens again, on the same port. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, HOST);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Refuses new connections from now on. */
  refuse(): void {
    this.#server.close();
  }

  /** Ends every connection with a RST. */
  reset(): void {
    for (const client of this.#clients) client.resetAndDestroy();
  }

  /** Ends every connection with a FIN. */
  end(): void {
    for (const client of this.#clients) client.end();
  }

  /** Resolves once no connection is left. */
  async quiet(): Promise<void> {
    await Promise.all(Array.from(this.#clients, (client) => closed(client)));
  }

  close(): void {
    if (this.#server.listening) this.#server.close();
    for (const client of this.#clients) client.destroy();
  }

  #join(client: Socket): void {
    const server = net.connect(this.#target);
    this.#clients.add(client);
    client.once('close', () => {
      this.#clients.delete(client);
      server.destroy();
    });
    server.once('close', () => client.destroySoon());
    for (const socket of [client, server]) socket.setNoDelay().on('error', () => {});
    client.pipe(server);
    server.pipe(client);
  }
}

/** Resolves once the socket is closed, whatever errors come before that. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
