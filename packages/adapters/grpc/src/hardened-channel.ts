import type { Socket } from 'node:net';
import {
  type ChannelCredentials,
  type ChannelInterface,
  type ClientOptions,
  connectivityState,
  Channel as DriverChannel,
} from '@grpc/grpc-js';
import { harden, type TcpOptions, verdict } from '@lifeguard/tcp';
import { type Call, CallCount } from './call-count.js';
import { observed } from './connects.js';
import { channelOptions } from './options.js';

type State = connectivityState;

/** Where a channel leads to, and how. */
export interface Target {
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly options: ClientOptions;
  readonly tcp: Readonly<TcpOptions>;
}

/**
 * How long a connect may go unanswered by the peer's kernel. That is far more than a round trip takes. The SYN may have
 * been lost, and the kernel would send it again after 1, 3, 7, … s, which misses the network's return. grpc-js would wait for two
 * minutes, and so would the calls.
 */
const SILENT_MILLIS = 750;

/** What TLS and HTTP/2 may take, once the peer's kernel has answered. A frozen server does not end it by itself. */
const HANDSHAKE_MILLIS = 10_000;

/**
 * How long the kernel's word is good for. It comes to suspect a peer after some 200 ms without an answer, at the soonest, and to
 * ask it may cost as much as a few percent of a call. A pool does not ask it for 500 ms after the last use.
 */
const BELIEVED_MILLIS = 10;

/** A channel of grpc-js on hardened sockets, one at a time. It connects when it is first called, and again after a loss. */
export class HardenedChannel {
  readonly driver: ChannelInterface;
  readonly #calls = new CallCount();
  readonly #tcp: Readonly<TcpOptions>;
  /** Those that are open, and what ends each that is not ready for calls in time: TCP, TLS or HTTP/2 is being set up. */
  readonly #sockets = new Map<Socket, NodeJS.Timeout | undefined>();
  #suspicion = { isSuspect: false, at: Number.NEGATIVE_INFINITY };
  #closed = false;

  /** @param onChange called after each change of the channel's state, until it is closed */
  constructor({ address, credentials, options, tcp }: Target, onChange: () => void) {
    this.#tcp = tcp;
    const observer = {
      begins: () => this.#checkOpen(),
      opens: (socket: Socket) => this.#awaitAnswer(socket),
      connects: (socket: Socket) => this.#awaitReadiness(socket),
    };
    this.driver = new DriverChannel(address, observed(credentials, observer), channelOptions(options));
    this.#watch(onChange);
  }

  get state(): State {
    return this.driver.getConnectivityState(false);
  }

  /** Calls under way, those that wait for a connection included. */
  get calls(): number {
    return this.#calls.underWay;
  }

  /** Whether a socket is closed, or its peer has closed it or stopped answering, by what the kernel knew a moment ago. */
  get isSuspect(): boolean {
    for (const { destroyed } of this.#sockets.keys()) if (destroyed) return true;
    const now = Date.now();
    const age = now - this.#suspicion.at;
    // A clock that was set back makes nothing fresh.
    if (age < 0 || age >= BELIEVED_MILLIS) this.#suspicion = { isSuspect: this.#askKernel(), at: now };
    return this.#suspicion.isSuspect;
  }

  createCall(...args: Parameters<ChannelInterface['createCall']>): Call {
    return this.#calls.follow(this.driver.createCall(...args));
  }

  /** As in grpc-js: what is under way goes on to its end. */
  close(): void {
    const hopeless = this.calls === 0 && this.#askKernel();
    this.#closed = true;
    this.driver.close();
    // grpc-js would leave a connect to itself, and say goodbye to a peer that does not answer.
    for (const [socket, timer] of this.#sockets) if (timer || hopeless) socket.destroy();
  }

  /** Closes it as soon as its last call is over. Nobody calls it any more. */
  async closeWhenDone(): Promise<void> {
    await this.#calls.none();
    this.close();
  }

  /** One system call for each socket. */
  #askKernel(): boolean {
    for (const socket of this.#sockets.keys()) {
      const said = verdict(socket);
      if (said === 'suspect' || said === 'dead') return true;
    }
    return false;
  }

  /** grpc-js may connect once more after it was closed. */
  #checkOpen(): void {
    if (this.#closed) throw new Error('Channel has been shut down');
  }

  #awaitAnswer(socket: Socket): void {
    this.#limit(
      socket,
      setTimeout(() => socket.destroy(unanswered()), SILENT_MILLIS),
    );
  }

  #awaitReadiness(socket: Socket): void {
    harden(socket, this.#tcp);
    this.#limit(
      socket,
      setTimeout(() => socket.destroy(), HANDSHAKE_MILLIS),
    );
    if (this.#closed) socket.destroy();
  }

  #limit(socket: Socket, timer: NodeJS.Timeout): void {
    if (!this.#sockets.has(socket)) socket.once('close', () => this.#forget(socket));
    clearTimeout(this.#sockets.get(socket));
    this.#sockets.set(socket, timer);
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#sockets.get(socket));
    this.#sockets.delete(socket);
  }

  #becomeReady(): void {
    for (const [socket, timer] of this.#sockets) {
      clearTimeout(timer);
      this.#sockets.set(socket, undefined);
    }
  }

  #watch(onChange: () => void): void {
    const { state } = this;
    if (state === connectivityState.SHUTDOWN) return;
    this.driver.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => {
      if (this.state === connectivityState.READY) this.#becomeReady();
      onChange();
      this.#watch(onChange);
    });
  }
}

function unanswered(): Error {
  const error = new Error(`connect ETIMEDOUT (no answer for ${SILENT_MILLIS} ms)`);
  return Object.assign(error, { code: 'ETIMEDOUT', syscall: 'connect' });
}
