import type { Socket } from 'node:net';
import { giveUpOnSilence } from './silence.js';

/** So much longer after each failure. */
const STEP_MILLIS = 50;
/** Where nobody listens, to try again costs next to nothing. */
const REFUSED_CEILING_MILLIS = 800;
/** A server that answers, and does not let the client get ready, is to be spared. */
const DECLINED_CEILING_MILLIS = 2000;
/** Each pause is shortened by up to this share, so that many clients don't knock together. */
const JITTER = 0.2;

type Ending = 'silent' | 'refused' | 'answered';

/**
 * When a client that has lost its server tries again. A network's return is noticed within a second, whatever came
 * before: a connect that nobody answers is given up early and followed by the next at once.
 */
export class ReconnectPace {
  #lastEnding: Ending = 'refused';
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Takes note of how a socket fares. To be called before it connects. */
  follow(socket: Socket): void {
    let ending: Ending = 'refused';
    socket.once('connect', () => {
      ending = 'answered';
    });
    // Before the driver's own listener, which asks for the next pause.
    socket.once('close', () => {
      this.#lastEnding = ending;
    });
    giveUpOnSilence(socket, () => {
      ending = 'silent';
    });
  }

  /**
   * The pause before the next connect, in milliseconds.
   *
   * @param times connects that have failed since the client was ready, this one included
   */
  pause(times: number): number {
    const ending = this.#lastEnding;
    const ceiling = ending === 'answered' && times > 1 ? DECLINED_CEILING_MILLIS : REFUSED_CEILING_MILLIS;
    const millis = ending === 'silent' ? STEP_MILLIS : Math.min(times * STEP_MILLIS, ceiling);
    return Math.round(millis * (1 - JITTER * this.#random()));
  }
}
