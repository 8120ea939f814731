import type { Socket } from 'node:net';
import { DirtySocketError } from './errors.js';

/** What belongs to a socket when nobody has borrowed it. */
interface Pristine {
  readonly listeners: ReadonlyMap<string | symbol, ReadonlySet<unknown>>;
  readonly encoding: BufferEncoding | null;
}

/** A name, and not the word, for an event that is a symbol. */
const nameOf = (event: string | symbol) => (typeof event === 'symbol' ? (event.description ?? 'a symbol') : event);

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
  #knowsLoans = false;
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

  /** A pool has taken the socket on, has added what listeners it needs, and will tell of each loan. */
  adopt(): void {
    this.#pristine = lookAt(this.#socket);
    this.#knowsLoans = true;
  }

  /**
   * A borrower gives the socket back. From now on the peer is to be silent, until the next loan.
   *
   * @throws {DirtySocketError} that tells everything which is wrong with it
   */
  takeBack(): void {
    const faults = this.#findFaults();
    if (faults.length > 0) throw new DirtySocketError(faults);
    const socket = this.#socket;
    if (socket.destroyed) return;
    socket.setTimeout(0);
    socket.setNoDelay(this.#noDelay);
    socket.setDefaultEncoding('utf8');
    socket.ref();
    // It also brings the stream back to where it neither flows nor is paused: removed, it leaves that behind.
    if (this.#knowsLoans) socket.on('readable', this.#refuseToRead);
  }

  /** The next borrower has it: what comes from now on is for him. */
  lend(): void {
    this.#socket.off('readable', this.#refuseToRead);
  }

  /** `'readable'` tells of the end, too; that is for the pool. */
  readonly #refuseToRead = () => {
    const { readableLength } = this.#socket;
    if (readableLength === 0) return;
    const fault = `${readableLength} bytes came while nobody had borrowed it`;
    this.#socket.destroy(new DirtySocketError([fault]));
  };

  #findFaults(): string[] {
    const { destroyed, writableEnded, readableLength, writableLength } = this.#socket;
    const { readableEncoding, writableCorked } = this.#socket;
    // The pool has heard of it, and knows why.
    if (this.#hasEnded) return [];
    if (destroyed) return ['its borrower has destroyed it'];
    const left = this.#listenersLeft();
    return [
      writableEnded && 'its borrower has ended it',
      readableLength > 0 && `${readableLength} bytes are unread`,
      writableLength > 0 && `${writableLength} bytes are not sent yet`,
      writableCorked > 0 && 'it is corked',
      readableEncoding !== this.#pristine.encoding && `its encoding was set to ${readableEncoding}`,
      left.length > 0 && `listeners were left behind: ${left.map(nameOf).join(', ')}`,
    ].filter((fault) => fault !== false);
  }

  #listenersLeft(): (string | symbol)[] {
    return this.#socket.eventNames().filter((event) => {
      const ours = this.#pristine.listeners.get(event);
      return this.#socket.rawListeners(event).some((listener) => !ours?.has(listener));
    });
  }
}

function lookAt(socket: Socket): Pristine {
  return {
    listeners: new Map(socket.eventNames().map((event) => [event, new Set(socket.rawListeners(event))])),
    encoding: socket.readableEncoding,
  };
}
