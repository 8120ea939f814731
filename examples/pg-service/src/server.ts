import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Orders } from './orders.js';

/** A response to be: its status, and what its body says. */
interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** What the client did wrong. */
class BadRequest extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const MAX_BODY_BYTES = 16_384;

/** The service's face: GET /healthz, GET /orders, POST /orders. */
export function createOrderServer(orders: Orders): Server {
  const server = createServer(async (request, response) => {
    const { status, body } = await replyTo(request, orders).catch(explain);
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    // A server that is closing waits for connections that its clients keep open for the next request. There is none.
    if (!server.listening) response.setHeader('connection', 'close');
    response.end(`${JSON.stringify(body)}\n`);
  });
  return server;
}

async function replyTo(request: IncomingMessage, orders: Orders): Promise<Reply> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /healthz':
      await orders.ping();
      return { status: 200, body: { status: 'ok' } };
    case 'GET /orders':
      return { status: 200, body: await orders.list() };
    case 'POST /orders': {
      const { item, quantity } = parseOrder(await readBody(request));
      return { status: 201, body: await orders.add(item, quantity) };
    }
    default:
      throw new BadRequest(404, 'there are GET /healthz, GET /orders, and POST /orders');
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new BadRequest(413, `a body has ${MAX_BODY_BYTES} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseOrder(text: string): { item: string; quantity: number } {
  const { item, quantity } = parseObject(text);
  if (typeof item === 'string' && item !== '' && Number.isInteger(quantity) && Number(quantity) > 0) {
    return { item, quantity: Number(quantity) };
  }
  throw new BadRequest(400, 'an order is {"item": a text, "quantity": a whole number from 1 up}');
}

function parseObject(text: string): Record<'item' | 'quantity', unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new BadRequest(400, 'the body is not JSON');
  }
}

/** What is not the client's fault is the database's: it can be tried again later. The details are for the log. */
function explain(error: unknown): Reply {
  if (error instanceof BadRequest) return { status: error.status, body: { error: error.message } };
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  return { status: 503, body: { error: 'the database does not answer, try again later' } };
}
