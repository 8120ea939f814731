import type { Socket } from 'node:net';
import { DirtySocketError } from './errors.js';

/** Knows whether somebody has borrowed a socket. */
export interface Loans {
  isBorrowedResource(socket: Socket): boolean;
}

/** What belongs to a socket when nobody has borrowed it. */
interface Pristine {
  readonly events: readonly Heard[];
  readonly encoding: BufferEncoding | null;
}

/** An event, and who listens for it. */
interface Heard {
  readonly event: string | symbol;
  readonly listeners: ReturnType<Socket['rawListeners']>;
}

/** A name, and not the word, for an event that is a symbol. */
const nameOf = (event: string | symbol) => (typeof event === 'symbol' ? (event.description ?? 'a symbol') : event);

/** Node.js lets it be set, which its types leave out. */
type Flowing = { -readonly [K in keyof Pick<Socket, 'readableFlowing'>]: Socket[K] };

const custodies = new WeakMap<object, Custody>();

/** Looks after a new socket from now on. */
export function takeIntoCustody(socket: Socket, noDelay: boolean): void {
  custodies.set(socket, new Custody(socket, noDelay));
}

/** @returns `undefined` if the socket is not of this package */
export function custodyOf(socket: unknown): Custody | undefined {
  return custodies.get(Object(socket));
}

/**
 * Looks after one socket between two loans: what is not as a new socket would be is not lent again.
 *
 * It is closed and not tidied up, for only the borrower knows what is missing: unread bytes are a part of something, and
 * who has left a listener behind may still wait for it to be called.
 */
export class Custody {
  readonly #socket: Socket;
  readonly #noDelay: boolean;
  #pristine: Pristine;
  #loans: Loans | undefined;
  /** Given back, and no bytes have come since for another borrower. */
  #isAtRest = false;
  #hasEnded = false;

  constructor(socket: Socket, noDelay: boolean) {
    this.#socket = socket;
    this.#noDelay = noDelay;
    for (const event of ['error', 'end', 'close']) {
      socket.once(event, () => {
        this.#hasEnded = true;
      });
    }
    this.#pristine = lookAt(socket);
  }

  /** A pool has taken the socket on, and has added what listeners it needs. */
  adopt(loans: Loans): void {
    this.#pristine = lookAt(this.#socket);
    if (this.#loans === undefined) this.#watchArrivals();
    this.#loans = loans;
  }

  /**
   * A borrower gives the socket back. From now on the peer is to be silent, until the next loan.
   *
   * @throws {DirtySocketError} that tells everything which is wrong with it
   */
  takeBack(): void {
    const socket = this.#socket;
    // The pool has heard of it, and knows why.
    if (this.#hasEnded) return;
    if (!this.#isClean()) throw new DirtySocketError(this.#findFaults());
    // What most borrowers leave alone costs nothing to put right.
    if (socket.timeout) socket.setTimeout(0);
    if (socket.readableFlowing !== null) this.#stopFlowing();
    socket.setNoDelay(this.#noDelay);
    socket.setDefaultEncoding('utf8');
    socket.ref();
    this.#isAtRest = true;
  }

  /** It is about to be closed, and may say its last words. */
  letGo(): void {
    this.#isAtRest = false;
  }

  /** Brings the stream back to where it neither flows nor is paused, so that no byte is lost before the next borrower listens. */
  #stopFlowing(): void {
    const socket = this.#socket;
    // What listeners for `'data'` and `resume` leave behind.
    if (socket.readableFlowing) (socket as Flowing).readableFlowing = null;
    // Paused, or `'readable'` was listened for: then Node.js has still to make up its mind, and does so once more after this.
    else socket.on('readable', doNothing).off('readable', doNothing);
  }

  /**
   * Every chunk that arrives passes `push`, whether the stream flows or not. Listeners for `'readable'` would tell of it too,
   * but to add and to remove one for each loan costs more than all the rest.
   */
  #watchArrivals(): void {
    const socket = this.#socket;
    const { push } = socket;
    socket.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
      if (this.#isAtRest && chunk !== null && !this.#isLentAgain()) return this.#refuse(chunk.length);
      return push.call(socket, chunk, encoding);
    };
  }

  #isLentAgain(): boolean {
    if (this.#loans?.isBorrowedResource(this.#socket)) this.#isAtRest = false;
    return !this.#isAtRest;
  }

  #refuse(bytes: number): boolean {
    this.#socket.destroy(new DirtySocketError([`${bytes} bytes came while nobody had borrowed it`]));
    return false;
  }

  #isClean(): boolean {
    const { destroyed, writableEnded, readableLength, writableLength, writableCorked, readableEncoding } = this.#socket;
    const isQuiet = readableLength + writableLength + writableCorked === 0;
    const isOpen = !(destroyed || writableEnded);
    return isOpen && isQuiet && readableEncoding === this.#pristine.encoding && this.#hasOnlyItsListeners();
  }

  /** Says what is wrong with one that is not clean. */
  #findFaults(): string[] {
    const { destroyed, writableEnded, readableLength, writableLength } = this.#socket;
    const { readableEncoding, writableCorked } = this.#socket;
    if (destroyed) return ['its borrower has destroyed it'];
    const left = this.#listenersLeft();
    const lost = this.#listenersLost();
    return [
      writableEnded && 'its borrower has ended it',
      readableLength > 0 && `${readableLength} bytes are unread`,
      writableLength > 0 && `${writableLength} bytes are not sent yet`,
      writableCorked > 0 && 'it is corked',
      readableEncoding !== this.#pristine.encoding && `its encoding was set to ${readableEncoding}`,
      left.length > 0 && `listeners were left behind: ${left.map(nameOf).join(', ')}`,
      lost.length > 0 && `listeners were taken off that were there before: ${lost.map(nameOf).join(', ')}`,
    ].filter((fault) => fault !== false);
  }

  /** The quick look comes to no list of listeners, and suffices unless the same one stands there twice. */
  #hasOnlyItsListeners(): boolean {
    const socket = this.#socket;
    const { events } = this.#pristine;
    const isAsBefore = countEvents(socket) === events.length && events.every((each) => isHeardBySame(socket, each));
    return isAsBefore || this.#listenersLeft().length + this.#listenersLost().length === 0;
  }

  #listenersLeft(): (string | symbol)[] {
    return this.#socket.eventNames().filter((event) => {
      const ours = this.#pristine.events.find((each) => each.event === event)?.listeners;
      return this.#socket.rawListeners(event).some((listener) => !ours?.includes(listener));
    });
  }

  /** Without them the pool would not hear of its end, and its error would be nobody's and end the process. */
  #listenersLost(): (string | symbol)[] {
    const { events } = this.#pristine;
    const isLost = ({ event, listeners }: Heard) => {
      const now = this.#socket.rawListeners(event);
      return listeners.some((listener) => !now.includes(listener));
    };
    return events.filter(isLost).map(({ event }) => event);
  }
}

function doNothing(): void {}

/** To list them takes more time than a whole loan. Node.js keeps count, and doesn't document it. */
function countEvents(socket: Socket): number {
  const { _eventsCount: count }: { _eventsCount?: number } = Object(socket);
  return count ?? socket.eventNames().length;
}

function isHeardBySame(socket: Socket, { event, listeners }: Heard): boolean {
  if (socket.listenerCount(event) !== listeners.length) return false;
  for (const listener of listeners) if (socket.listenerCount(event, listener) !== 1) return false;
  return true;
}

function lookAt(socket: Socket): Pristine {
  return {
    events: socket.eventNames().map((event) => ({ event, listeners: socket.rawListeners(event) })),
    encoding: socket.readableEncoding,
  };
}
