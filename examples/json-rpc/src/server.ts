import { createServer, type Server, type Socket } from 'node:net';
import { readFrame, writeFrame } from './frames.js';

export type Methods = Readonly<Record<string, (...params: never[]) => unknown>>;

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: never[];
}

// https://www.jsonrpc.org/specification#error_object
const NO_SUCH_METHOD = -32601;
const INTERNAL_ERROR = -32603;

/** A JSON-RPC 2.0 server that answers the calls of each connection in their order. */
export function createRpcServer(methods: Methods): Server {
  return createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    // What ends the loop ends the connection.
    serve(socket, methods).catch(() => socket.destroy());
  });
}

async function serve(socket: Socket, methods: Methods): Promise<never> {
  for (;;) {
    const request = (await readFrame(socket)) as Request;
    writeFrame(socket, { jsonrpc: '2.0', id: request.id, ...(await reply(methods, request)) });
  }
}

async function reply(methods: Methods, { method, params }: Request): Promise<object> {
  if (!Object.hasOwn(methods, method)) return refuse(NO_SUCH_METHOD, `there is no method ${method}`);
  try {
    return { result: (await methods[method]?.(...params)) ?? null };
  } catch (error) {
    return refuse(INTERNAL_ERROR, error instanceof Error ? error.message : String(error));
  }
}

function refuse(code: number, message: string): object {
  return { error: { code, message } };
}
