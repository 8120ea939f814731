import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { WaitLimit } from '@lifeguard/pool/client';
import { type Capture, openCapture } from '@lifeguard/tcp';
import { limitWaits, type WaitingClient } from './wait-limit.js';

/** Called with each socket before it connects. */
export type Prepare = (socket: Socket) => void;

/**
 * The mark stands among a client's options: node-redis hands these on to every duplicate, and to each client that a
 * cluster, a pool or a Sentinel client makes, when and from wherever it makes it.
 */
const CARE = Symbol('lifeguard.care');

/** What is done for each client. */
export interface Care {
  readonly prepare: Prepare;
  readonly limit: WaitLimit | undefined;
}

/** Options by which every client is cared for that is made with them. */
export interface Cared {
  readonly [CARE]: Care;
}

export function marked<O extends object>(options: O, care: Care): O & Cared {
  return { ...options, [CARE]: care };
}

export function careOf(options: Cared): Care {
  return options[CARE];
}

interface Client extends EventEmitter {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: Partial<Cared>;
  /** The client behind its proxies. */
  readonly _self?: EventEmitter;
  connect(...args: unknown[]): Promise<unknown>;
}

const followed = new WeakSet<object>();
const captures = new WeakMap<object, Capture>();
const limited = new WeakSet<object>();

/**
 * From here on, the clients that are marked have their sockets prepared; all others go by unchanged. No option of node-redis
 * reaches the socket, but every client connects by this one method, and reconnects as a consequence of it.
 *
 * @param client any client, to find the method
 */
export function followConnects(client: object): void {
  const prototype = ownerOf(client, 'connect') as Client;
  if (followed.has(prototype)) return;
  followed.add(prototype);
  const { connect } = prototype;
  prototype.connect = function follow(this: Client, ...args) {
    const care = this.options?.[CARE];
    const go = () => Reflect.apply(connect, this, args);
    if (care === undefined) return go();
    limitOnce(this, care.limit);
    return captureFor(this, care.prepare).run(go);
  };
}

/** The one place in which all clients of a package have this method. */
function ownerOf(object: object, method: string): object {
  let owner: object = object;
  for (let next: object | null = object; next !== null; next = Object.getPrototypeOf(next)) {
    if (Object.hasOwn(next, method)) owner = next;
  }
  return owner;
}

function captureFor(client: Client, prepare: Prepare): Capture {
  const open = captures.get(client);
  if (open) return open;
  // Listeners and the handlers of messages run in the capture too, and what they open is their own.
  const capture = openCapture((socket) => {
    if (!client.isReady) prepare(socket);
  });
  captures.set(client, capture);
  const close = () => {
    capture.close();
    captures.delete(client);
    client.off('end', close).off('error', closeIfGivenUp);
  };
  // Who gives up, as a `reconnectStrategy` may say, tells an error and no end.
  const closeIfGivenUp = () => {
    if (!client.isOpen) close();
  };
  // An error that nobody listens to would end the process. Duplicates come by nowhere else.
  if (client.listenerCount('error') === 0) client.on('error', () => {});
  client.on('end', close).on('error', closeIfGivenUp);
  return capture;
}

function limitOnce(client: Client, limit: WaitLimit | undefined): void {
  const self = client._self ?? client;
  if (limit === undefined || limited.has(self)) return;
  limited.add(self);
  limitWaits(self as WaitingClient, limit);
}
