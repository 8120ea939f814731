import type { Socket } from 'node:net';
import { onClientSocket } from '@lifeguard/tcp';
import type { Driver, DriverConnection } from './driver.js';
import { cutOff } from './socket.js';

/**
 * Opens connections, and knows whether their sockets are opened at once.
 *
 * They are, unless the server sends the driver on to another one (`permitRedirect`), or the program's own `stream` function takes
 * its time. That shows with the first connections. They are given up, for their sockets were not seen and are not hardened, and from
 * then on sockets are looked for however late they are opened.
 */
export class Opener<C extends DriverConnection> {
  readonly #driver: Driver<C>;
  #atOnce = true;

  constructor(driver: Driver<C>) {
    this.#driver = driver;
  }

  /** For `Factory.opensAtOnce`. */
  get opensAtOnce(): boolean {
    return this.#atOnce;
  }

  /** @throws (rejects) what the driver does; of the first connections, an error that tells of a socket that was opened late */
  async open(options: { readonly socketPath?: unknown }): Promise<C> {
    // As the pool was told: another connection may show meanwhile that it is not so.
    const atOnce = this.#atOnce;
    const sockets: Socket[] = [];
    const stop = onClientSocket((socket) => void sockets.push(socket));
    const opening = this.#driver.open(options);
    stop();
    const connection = await opening;
    // On a Unix socket there is nothing to be hardened.
    if (atOnce && !options.socketPath && connection.isValid() && !isOnOneOf(sockets, connection)) {
      this.#atOnce = false;
      connection.on('error', () => {});
      cutOff(connection);
      throw openedLate();
    }
    return connection;
  }
}

/** By their ports, for the one that the driver has may be the TLS socket above. */
function isOnOneOf(sockets: readonly Socket[], connection: DriverConnection): boolean {
  const now = connection.__tests?.getSocket?.();
  return now !== undefined && sockets.some(({ localPort }) => localPort === now.localPort);
}

/** With a code as of the driver, so that it counts as a connect that failed: who waits is served by the next. */
function openedLate(): Error {
  const error = new Error(
    'the driver has changed to a socket that it opened late; from now on such sockets are hardened',
  );
  return Object.assign(error, { code: 'ER_SOCKET_OPENED_LATE' });
}
