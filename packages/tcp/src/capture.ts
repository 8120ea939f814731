import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { onClientSocket } from './client-socket.js';
import { isEnabled } from './enabled.js';

/** Follows the sockets that some calls open, until it is closed. */
export interface Capture {
  /** Calls `fn` and returns what it returns. What it opens, awaited or in timers that it sets, is captured. */
  run<R>(fn: () => R): R;
  /** The client has been at work: if it has opened no socket by now it needs none, and is not waited for. */
  used(): void;
  /** Captures nothing more. Call it when the connection is gone, so that nothing waits for its reconnects. */
  close(): void;
}

/**
 * Calls `fn` and tells `onSocket` of every TCP client socket opened in its async context, synchronously, before it
 * connects: `harden(socket)` there is in time. The innermost of nested captures gets the socket, and it alone.
 *
 * A socket that a captured client opens later by itself is captured too: what runs when a captured socket emits
 * `'error'`, `'end'` or `'close'` belongs to the capture again, timers that are set there included.
 *
 * Node.js before 24 pays for every promise of the process while async contexts are followed, so there they are followed
 * only where they must be: until the promise that `fn` returned is settled; if nothing was opened by then, and after a captured
 * socket has ended, for at most 60 s until the next socket is connected, and then for 10 s, in which its handshake may fail.
 *
 * With `LIFEGUARD_ENABLED` off it calls `fn`, and that is all.
 *
 * @throws what `fn` throws; {ConfigError} if `LIFEGUARD_ENABLED` is neither on nor off
 */
export function captureSockets<R>(fn: () => R, onSocket: (socket: Socket) => void): R {
  return openCapture(onSocket).run(fn);
}

/** How far a capture reaches. */
export interface CaptureOptions {
  /**
   * Captures only what a call opens before it returns. Then no async context has to be followed: on Node.js before 24 the
   * first time that is done costs every promise of the process a fifth more, for good. Default: false.
   */
  readonly atOnce?: boolean;
}

/** Like `captureSockets`, for whoever knows when to stop, or captures the sockets of several calls. */
export function openCapture(onSocket: (socket: Socket) => void, { atOnce = false }: CaptureOptions = {}): Capture {
  return atOnce ? new CaptureAtOnce(onSocket) : new SocketCapture(onSocket);
}

/** What a socket is told to. */
interface Captor {
  adopt(socket: Socket): void;
}

/** The innermost whose function is on the stack at this moment. */
let onStack: Captor | undefined;

function callFor<R>(captor: Captor, fn: () => R): R {
  const outer = onStack;
  onStack = captor;
  try {
    return fn();
  } finally {
    onStack = outer;
  }
}

class CaptureAtOnce implements Capture, Captor {
  readonly #onSocket: (socket: Socket) => void;
  #closed = false;

  constructor(onSocket: (socket: Socket) => void) {
    this.#onSocket = onSocket;
  }

  run<R>(fn: () => R): R {
    if (this.#closed || !isEnabled()) return fn();
    const hold = new Hold();
    try {
      return callFor(this, fn);
    } finally {
      hold.release();
    }
  }

  /** It never waits for a socket. */
  used(): void {}

  close(): void {
    this.#closed = true;
  }

  adopt(socket: Socket): void {
    this.#onSocket(socket);
  }
}

const RECONNECT_WINDOW_MILLIS = 60_000;
/**
 * A client whose new connection fails in the handshake, as that of a server does which is still starting, tries again by
 * promises that were made since it connected. Drivers give a handshake up after 10 s or sooner.
 */
const HANDSHAKE_MILLIS = 10_000;

class SocketCapture implements Capture, Captor {
  readonly #onSocket: (socket: Socket) => void;
  #closed = false;
  #socketCount = 0;
  /** Where following is free: as long as the capture is open. */
  #always: Hold | undefined;
  /** One for each call that is under way. A call can hang for ever: closing ends these too. */
  readonly #running = new Set<Hold>();
  /** Until the next socket is connected, and has had time for its handshake. */
  #next: Hold | undefined;
  #window: NodeJS.Timeout | undefined;

  constructor(onSocket: (socket: Socket) => void) {
    this.#onSocket = onSocket;
  }

  run<R>(fn: () => R): R {
    if (this.#closed || !isEnabled()) return fn();
    if (isFollowingFree()) this.#always ??= new Hold();
    const whileRunning = new Hold();
    this.#running.add(whileRunning);
    const socketsBefore = this.#socketCount;
    const settle = () => {
      if (this.#socketCount === socketsBefore) this.#expectSocket();
      this.#endRunning(whileRunning);
    };
    try {
      const result = callFor(this, () => context.run<R>(this, fn));
      // Only a promise of the language: with a lazy one, such as a query builder's, `then` starts the work. Nobody
      // gets the promise that this `then` makes, so a rejection is the caller's to handle, and is not told as unhandled.
      if (result instanceof Promise) result.then(settle, settle);
      else settle();
      return result;
    } catch (error) {
      this.#endRunning(whileRunning);
      throw error;
    }
  }

  used(): void {
    if (this.#socketCount === 0) this.#stopExpecting();
  }

  close(): void {
    this.#closed = true;
    this.#always?.release();
    for (const hold of this.#running) this.#endRunning(hold);
    this.#stopExpecting();
  }

  adopt(socket: Socket): void {
    if (this.#closed) return;
    this.#socketCount += 1;
    // Not before: a client that fails goes on trying, and without its context could not be told from others.
    if (this.#next) socket.once('connect', () => this.#expectSocket(HANDSHAKE_MILLIS));
    followEvents(socket, this);
    this.#onSocket(socket);
  }

  /** Calls the listeners of an event after which a client may reconnect. */
  resume<R>(emit: () => R): R {
    if (this.#closed) return emit();
    this.#expectSocket();
    return callFor(this, () => context.run<R>(this, emit));
  }

  #endRunning(hold: Hold): void {
    this.#running.delete(hold);
    hold.release();
  }

  #expectSocket(millis = RECONNECT_WINDOW_MILLIS): void {
    if (this.#closed || this.#always) return;
    this.#next ??= new Hold();
    clearTimeout(this.#window);
    this.#window = setTimeout(() => this.#stopExpecting(), millis).unref();
  }

  #stopExpecting(): void {
    clearTimeout(this.#window);
    this.#next?.release();
    this.#next = undefined;
  }
}

const context = new AsyncLocalStorage<SocketCapture>();

/** From Node.js 24 on, async contexts are followed by the engine itself, whether somebody looks or not. */
function isFollowingFree(): boolean {
  return Number.parseInt(process.versions.node, 10) >= 24;
}

/** As long as one of these is held, async contexts are followed and new sockets are looked at. */
class Hold {
  static #held = 0;
  static #unsubscribe: (() => void) | undefined;
  #released = false;

  constructor() {
    if (Hold.#held === 0) Hold.#unsubscribe = onClientSocket(adopt);
    Hold.#held += 1;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    Hold.#held -= 1;
    if (Hold.#held > 0) return;
    Hold.#unsubscribe?.();
    context.disable();
  }
}

function adopt(socket: Socket): void {
  const capture = onStack ?? context.getStore();
  capture?.adopt(socket);
}

const captureOf = new WeakMap<Socket, SocketCapture>();

/**
 * Runs the listeners of three events in the capture's context. The socket's own `emit` is the one place that
 * holds for exactly these listeners: a context entered by a listener would go on after them, in whatever code has
 * emitted the event. It also works where the context of the event is foreign, as when another request destroys the socket.
 */
function followEvents(socket: Socket, capture: SocketCapture): void {
  const isFollowed = captureOf.has(socket);
  captureOf.set(socket, capture);
  if (isFollowed) return;
  const { emit } = socket;
  socket.emit = function emitInContext(this: Socket, ...args: [string | symbol, ...unknown[]]): boolean {
    const owner = isEnd(args[0]) ? captureOf.get(this) : undefined;
    if (owner === undefined) return Reflect.apply(emit, this, args);
    return owner.resume(() => Reflect.apply(emit, this, args));
  } as Socket['emit'];
}

function isEnd(event: string | symbol): boolean {
  return event === 'error' || event === 'end' || event === 'close';
}
