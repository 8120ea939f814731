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
 * Calls `listener` for every TCP client socket of this thread at the moment at which it has connected: for programs that
 * know nothing of it, so it leaves nothing on the socket that they could count, such as a listener.
 *
 * A listener that throws does not break the connect: the error becomes a process warning, code `LIFEGUARD_LISTENER`.
 *
 * @returns ends the subscription, for sockets that have not connected yet, too
 */
export function onClientConnect(listener: ClientConnectListener): () => void {
  let isSubscribed = true;
  const unsubscribe = onClientSocket((socket, host) => {
    beforeConnected(socket, () => {
      if (isSubscribed) callListener(() => listener(socket, host));
    });
  });
  return () => {
    isSubscribed = false;
    unsubscribe();
  };
}

type Emit = Socket['emit'];

/** Calls `callback` once, before the listeners of `'connect'`: the socket's own `emit` is the one place to do so unseen. */
function beforeConnected(socket: Socket, callback: () => void): void {
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
      if (event === 'connect') callback();
    }
    return Reflect.apply(original, this, args);
  };
  setEmit(passOn);
}
