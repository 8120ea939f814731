import type { Socket } from 'node:net';

/** What this package uses of Node's own handle of a socket (`TCP`, `Pipe`, `TLSWrap`, `JSStream`). */
export interface Handle {
  readonly fd?: number;
  /** Of a TLSWrap: the handle that it encrypts for. */
  readonly _parent?: Handle;
  setKeepAlive?: SetKeepAlive;
}

/** Seconds; what an older Node.js does not know it ignores. Returns 0, or a negative errno. */
export type SetKeepAlive = (enable: boolean, delay: number, interval?: number, count?: number) => number;

/** A handle that is TCP itself. */
export type TcpHandle = Handle & { setKeepAlive: SetKeepAlive };

/**
 * The file descriptor of a socket, −1 if it has none: before it connects, after it was closed, on Windows, and for TLS
 * over a stream that is no socket. TLS sockets and the socket of an HTTP/2 session have that of the TCP socket below.
 */
export function fdOf(socket: Socket): number {
  const fd = handleOf(socket)?.fd;
  return typeof fd === 'number' ? fd : -1;
}

/** The handle at the bottom, below TLS: `undefined` before connecting, and after closing. */
export function baseHandleOf(socket: Socket): Handle | undefined {
  let handle = handleOf(socket);
  while (handle?._parent) handle = handle._parent;
  return handle;
}

/** Whether a handle is TCP, and not a pipe or a stream made of JavaScript: only TCP has keepalive. */
export function isTcp(handle: Handle): handle is TcpHandle {
  return typeof handle.setKeepAlive === 'function';
}

function handleOf(socket: Socket): Handle | undefined {
  try {
    return (socket as unknown as { readonly _handle?: Handle | null })._handle ?? undefined;
  } catch (error) {
    if (isUnbound(error)) return undefined;
    throw error;
  }
}

/** Also of a socket that an HTTP/2 session has let go of: what becomes of it then can't be known. */
export function isDestroyed(socket: Socket): boolean {
  try {
    return socket.destroyed;
  } catch (error) {
    if (isUnbound(error)) return true;
    throw error;
  }
}

/** The `socket` of an HTTP/2 session is a proxy; once the session has let go of its socket every property throws this. */
export function isUnbound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_HTTP2_SOCKET_UNBOUND';
}
