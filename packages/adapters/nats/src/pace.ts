import type { Socket } from 'node:net';

/** Between the beginnings of two connects to one server. Where nobody listens, to try again costs next to nothing. */
const PAUSE_MILLIS = 500;
/** A server that answers, and does not let the client stay, is to be spared. This is NATS's own. */
const DECLINED_MILLIS = 2000;
/** What ends so soon after it was connected was declined. */
const SHORT_LIFE_MILLIS = 1000;
/** Each pause is shortened by up to this share, so that many clients don't knock together. */
const JITTER = 0.5;

/**
 * When a client that has lost its server tries again. A network's return is noticed within a second, whatever came
 * before: a connect that nobody answers is given up early and followed by the next at once.
 */
export class Pace {
  #connectedAt = Number.NEGATIVE_INFINITY;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Takes note of a socket. To be called before it connects. */
  follow(socket: Socket): void {
    socket.once('connect', () => {
      this.#connectedAt = performance.now();
    });
  }

  /** For `reconnectDelayHandler`: how long after the beginning of the last connect the next may begin, in milliseconds. */
  pause(): number {
    const wasDeclined = performance.now() - this.#connectedAt < SHORT_LIFE_MILLIS;
    const millis = wasDeclined ? DECLINED_MILLIS : PAUSE_MILLIS;
    return Math.round(millis * (1 - JITTER * this.#random()));
  }
}
