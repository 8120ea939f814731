import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { createPool, type Logger, type Pool, type PoolOptions } from '@lifeguard/pool';
import { onTestFinished, vi } from 'vitest';
import { type StatusPage, statusPage } from './status-page.js';

const ignore = () => {};
const logger: Logger = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A page that is closed with the test. */
export function makePage(): StatusPage {
  const page = statusPage();
  onTestFinished(() => page.close());
  return page;
}

/** @returns the URL, without a slash at its end */
export async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function serveHttp(listener: RequestListener): Promise<string> {
  return listen(createServer(listener));
}

export interface Peer {
  /** As the kernel names it. */
  readonly address: string;
  /** Its ends of the connections. */
  readonly sockets: readonly Socket[];
  connect(): Promise<Socket>;
}

/** A server that says nothing. */
export async function makePeer(): Promise<Peer> {
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => sockets.push(socket.on('error', ignore).resume()));
  const { port } = new URL(await listen(server));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const connect = async () => {
    const socket = net.connect(Number(port), '127.0.0.1').on('error', ignore);
    await once(socket, 'connect');
    return socket;
  };
  return { address: `127.0.0.1:${port}`, sockets, connect };
}

export function makePool(connect: () => Promise<Socket>, options: PoolOptions): Pool<Socket> {
  const destroy = (socket: Socket) => void socket.destroy();
  const pool = createPool({ create: connect, destroy }, { logger, ...options });
  onTestFinished(() => pool.close({ timeoutMillis: 1 }));
  return pool;
}

/** As much of a pool as is looked at. */
export function fakePool(name = 'fake') {
  const sockets = vi.fn(() => []);
  const connection = { peer: '10.0.0.1:5432', place: 'idle', ageMillis: 1, sinceMillis: 1, uses: 0, sockets };
  const connections = vi.fn(() => [{ ...connection, expiresInMillis: Number.POSITIVE_INFINITY }]);
  return { name, min: 0, max: 2, size: 1, pending: 0, stats: () => ({ evicted: {} }), connections, sockets };
}

export function openPool(pool: object): void {
  channel('lifeguard:pool:open').publish({ pool });
}

export interface Event {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it has asked for
  readonly data: any;
}

/** The events of a page, as they come. */
export async function* eventsFrom(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Event, undefined> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    const parts = (text + decoder.decode(chunk, { stream: true })).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) yield parse(part);
  }
}

function parse(part: string): Event {
  const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
  return { event, data: JSON.parse(data) };
}

/** The next event of that name. */
export async function next(events: AsyncGenerator<Event, undefined>, name: string): Promise<Event['data']> {
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`The stream ended before a ${name}`);
    if (value.event === name) return value.data;
  }
}
