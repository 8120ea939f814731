import type { Socket } from 'node:net';
import { createPool, type NetPoolOptions } from '@lifeguard/net';
import type { Pool } from '@lifeguard/pool';
import { readFrame, writeFrame } from './frames.js';

const CALL_MILLIS = 30_000;

/** What the server has answered in place of a result. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;

  constructor({ code, message }: { code: number; message: string }) {
    super(message);
    this.code = code;
  }
}

/** The server has answered nothing in time, or not to this call. */
export class RpcConnectionError extends Error {
  override readonly name = 'RpcConnectionError';
}

interface Response {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Calls the methods of a JSON-RPC 2.0 server, one call at a time on each pooled connection. */
export class RpcClient {
  readonly #pool: Pool<Socket>;
  #lastId = 0;

  constructor(options: NetPoolOptions) {
    this.#pool = createPool({ name: 'rpc', noDelay: true, ...options });
  }

  /**
   * Calls a method. A dead peer is the kernel's to find; `timeoutMillis` is for a living one that does not answer.
   *
   * @throws {RpcError} what the server said no with
   * @throws {RpcConnectionError} if it did not answer in time; the socket's or the pool's error
   */
  async call(method: string, params: unknown = [], { timeoutMillis = CALL_MILLIS } = {}): Promise<unknown> {
    this.#lastId += 1;
    const request = { jsonrpc: '2.0', id: this.#lastId, method, params };
    // The server's no is an answer too, and no reason to close the connection: it is thrown outside.
    const { result, error } = await this.#pool.use((socket) => ask(socket, request, timeoutMillis));
    if (error) throw new RpcError(error);
    return result;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

async function ask(socket: Socket, request: { id: number }, timeoutMillis: number): Promise<Response> {
  const late = () => socket.destroy(new RpcConnectionError(`no answer within ${timeoutMillis} ms`));
  const timer = setTimeout(late, timeoutMillis);
  try {
    writeFrame(socket, request);
    const response = (await readFrame(socket)) as Response;
    if (response?.id !== request.id) throw new RpcConnectionError('this is the answer to another call');
    return response;
  } finally {
    clearTimeout(timer);
  }
}
