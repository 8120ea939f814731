import { Socket } from 'node:net';
import type { buildConnector, Client, Dispatcher } from 'undici';
import { isFresh, noteAnswer, type Peers } from './peers.js';

type Undici = typeof import('undici');

/** What a pool of undici gives to its clients: it has made a connector of whatever it was given as `connect`. */
export type ClientOptions = Client.Options & { connect: buildConnector.connector };

/** Makes clients of undici that write no request to a socket that can't be trusted. */
export type ClientFactory = (origin: URL, options: ClientOptions) => Client;

/** The class is made when it is wanted: undici may not be there. */
export function checkedClients({ Client, errors }: Undici, peers: Peers): ClientFactory {
  class CheckedClient extends Client {
    #socket: Socket | undefined;

    constructor(origin: URL, { connect, ...options }: ClientOptions) {
      super(origin, {
        ...options,
        connect: (destination, callback) => {
          // undici's own connectors return the socket, which is to be hardened before it connects. Another's may not.
          const opening: unknown = connect(destination, (...outcome) => {
            const [, socket] = outcome;
            if (socket !== opening) this.#adopt(socket);
            callback(...outcome);
          });
          this.#adopt(opening);
        },
      });
      // The first listener: that of undici's pool hands the next request on.
      this.on('drain', () => this.#noteAnswer());
    }

    override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      this.#dropUntrusted();
      return super.dispatch(options, handler);
    }

    /** Then undici connects again, and writes the request to the new socket. */
    #dropUntrusted(): void {
      const socket = this.#socket;
      if (socket === undefined || socket.connecting || socket.destroyed) return;
      if (isFresh(socket) || peers.isTrusted(socket)) return;
      // Over HTTP/2 or a pipeline there may be answers under way, which have to be left to undici and to the kernel.
      if (this.stats.running > 0) return;
      // By this kind of error undici knows that requests that are not written yet are not concerned.
      socket.destroy(new errors.SocketError('closed by the peer, or the peer has stopped to answer'));
    }

    /** It takes another request. If none is under way, what was asked last has been answered. */
    #noteAnswer(): void {
      if (this.#socket && this.stats.running === 0) noteAnswer(this.#socket);
    }

    #adopt(socket: unknown): void {
      if (!(socket instanceof Socket)) return;
      this.#socket = socket;
      peers.adopt(socket);
    }
  }
  return (origin, options) => new CheckedClient(origin, options);
}
