import type { Socket } from 'node:net';
import { onClientSocket } from './client-socket.js';
import { callListener } from './listener.js';

/**
 * Called with a socket that has just connected, before the listeners of its `'connect'`.
 *
 * @param host the name or address that the program connects to, as it gave it
 */
export type ClientConnectListener = (socket: Socket, host: string) => void;

/**
 * Called with a socket that has begun to connect, and has a file descriptor; again for each address that is tried.
 *
 * @param address the one that is tried
 */
export type ConnectAttemptListener = (socket: Socket, host: string, address: string) => void;

/**
 * Calls `listener` for every TCP client socket of this thread at the moment at which it has connected: for programs that
 * know nothing of it, so it leaves nothing on the socket that they could count, such as a listener.
 *
 * A listener that throws does not break the connect: the error becomes a process warning, code `LIFEGUARD_LISTENER`.
 *
 * @param attempted told before that, of each attempt
 * @returns ends the subscription, for sockets that have not connected yet, too
 */
export function onClientConnect(listener: ClientConnectListener, attempted?: ConnectAttemptListener): () => void {
  let isSubscribed = true;
  const unsubscribe = onClientSocket((socket, host) => {
    watchConnect(socket, {
      connected: () => {
        if (isSubscribed) callListener(() => listener(socket, host));
      },
      attempted: (address) => {
        if (isSubscribed && attempted) callListener(() => attempted(socket, host, address));
      },
    });
  });
  return () => {
    isSubscribed = false;
    unsubscribe();
  };
}

type Emit = Socket['emit'];

interface Steps {
  readonly connected: () => void;
  readonly attempted: (address: string) => void;
}

/** Tells of a connect before the listeners of `'connect'` do: the socket's own `emit` is the one place to do so unseen. */
function watchConnect(socket: Socket, { connected, attempted }: Steps): void {
  const { emit: original } = socket;
  const setEmit = (value: Emit) =>
    Object.defineProperty(socket, 'emit', { value, configurable: true, writable: true, enumerable: false });
  let isOver = false;
  const passOn: Emit = function emit(this: Socket, ...args: [string | symbol, ...unknown[]]) {
    const [event] = args;
    if (!isOver && (event === 'connect' || event === 'close')) {
      isOver = true;
      // What others have put on top since stays there; then this one only passes on.
      if (socket.emit === passOn) setEmit(original);
      if (event === 'connect') connected();
    }
    // The kernel's socket is made just after this event.
    if (!isOver && event === 'connectionAttempt') process.nextTick(() => attempted(String(args[1])));
    return Reflect.apply(original, this, args);
  };
  setEmit(passOn);
}
