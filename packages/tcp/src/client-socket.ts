import net, { type Socket } from 'node:net';
import { callListener } from './listener.js';

/**
 * Called with a socket inside its `connect()`: it has no file descriptor yet, and has sent nothing.
 *
 * @param host the name or address that it shall connect to, as the program gave it; `localhost` if it gave none
 */
export type ClientSocketListener = (socket: Socket, host: string) => void;

/**
 * Calls `listener` for every TCP client socket of this thread, synchronously, before it connects: of `net`, `tls`, `http`,
 * `http2`, `fetch` and of whatever driver. A reconnect of the same `Socket` object is told again. Unix sockets and named
 * pipes are not.
 *
 * A listener that throws does not break the connect of a program that knows nothing of it: the error becomes a process
 * warning, code `LIFEGUARD_LISTENER`.
 *
 * @returns ends the subscription
 */
export function onClientSocket(listener: ClientSocketListener): () => void {
  // An object of its own for each subscription, so that one function can listen twice.
  const subscription = { listener };
  subscriptions.add(subscription);
  wrapConnect();
  return () => {
    if (subscriptions.delete(subscription) && subscriptions.size === 0) unwrapConnect();
  };
}

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/**
 * `Socket.prototype.connect` is where every TCP client passes. Node.js publishes `net.client.socket` on
 * diagnostics_channel too, but Node.js 20 does so only in `net.connect`, and a message does not tell a TCP socket
 * from a pipe: at that time the socket has no handle yet.
 */
const prototype = net.Socket.prototype as unknown as { connect: Connect };

const subscriptions = new Set<{ readonly listener: ClientSocketListener }>();

/** Ours and what it calls, as long as it may be in place. */
let wrapped: { readonly ours: Connect; readonly original: Connect } | undefined;

function wrapConnect(): void {
  // Wrapped by others since, ours is still below. Only if what we wrapped is back, ours has been thrown out.
  if (wrapped !== undefined && prototype.connect !== wrapped.original) return;
  const original = prototype.connect;
  const ours: Connect = function connect(...args) {
    const host = hostOf(args);
    if (host !== undefined) for (const { listener } of [...subscriptions]) callListener(() => listener(this, host));
    return Reflect.apply(original, this, args);
  };
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(ours, property, { value: original[property], configurable: true });
  }
  wrapped = { ours, original };
  prototype.connect = ours;
}

/** Leaves ours in place if others have wrapped it: without subscriptions it only passes on. */
function unwrapConnect(): void {
  if (wrapped === undefined || prototype.connect !== wrapped.ours) return;
  prototype.connect = wrapped.original;
  wrapped = undefined;
}

/**
 * `undefined` for a pipe. As Node.js reads the arguments of `connect`: options, a path, or port and host; or a list of
 * these that it has read already.
 */
function hostOf([first, second]: readonly unknown[]): string | undefined {
  if (Array.isArray(first)) return hostOf(first);
  if (typeof first === 'object' && first !== null) {
    const { path, host } = first as { readonly path?: unknown; readonly host?: unknown };
    return path ? undefined : nameOr(host, 'localhost');
  }
  const isPath = typeof first === 'string' && !(Number(first) >= 0);
  return isPath ? undefined : nameOr(second, 'localhost');
}

function nameOr(host: unknown, otherwise: string): string {
  return typeof host === 'string' && host !== '' ? host : otherwise;
}
