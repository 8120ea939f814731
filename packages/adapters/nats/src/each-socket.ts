import type { Socket } from 'node:net';
import { onClientSocket } from '@lifeguard/tcp';

/** Called with each socket before it connects. */
export type Prepare = (socket: Socket) => void;

/** What is looked at among the options of NATS, of either package. */
export interface DriverOptions {
  readonly timeout?: number | undefined;
  readonly tls?: object | null | undefined;
  reconnectDelayHandler?: (() => number) | undefined;
}

/**
 * Options that say the same, and with which every socket of the connection is prepared before it connects, in each reconnect.
 *
 * Where NATS connects, it reads `timeout` and then opens its socket in the same turn; with `handshakeFirst` it copies `tls`
 * first. It reads them of a copy of the options that it makes, which it shows to the handler that is asked before each connect. No
 * async context has to be followed that way, which on Node.js before 24 slows down every promise of the process, and no
 * other connection of the program is touched. nats-core/lib/protocol.js: dodialLoop, dial; node_transport.js: tlsFirst
 */
export function preparing<O extends DriverOptions>(options: O, handler: () => number, prepare: Prepare): O {
  const { tls, timeout } = options;
  return {
    ...options,
    // NATS takes `true`, too.
    ...(typeof tls === 'object' && tls && { tls: preparingCopies(tls, prepare) }),
    reconnectDelayHandler(this: object): number {
      Object.defineProperty(this, 'timeout', { get: () => armed(timeout, prepare), configurable: true });
      return handler();
    },
  };
}

function preparingCopies(tls: object, prepare: Prepare): object {
  return new Proxy(tls, { ownKeys: (target) => armed(Reflect.ownKeys(target), prepare) });
}

/** The value, and the next socket that is opened in this turn is prepared. */
function armed<V>(value: V, prepare: Prepare): V {
  const stop = onClientSocket((socket) => {
    stop();
    prepare(socket);
  });
  // TLS on a socket that there is already opens none.
  queueMicrotask(stop);
  return value;
}
