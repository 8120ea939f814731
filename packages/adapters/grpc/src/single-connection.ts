import type { Socket } from 'node:net';
import {
  Channel,
  type ChannelCredentials,
  type ChannelInterface,
  connectivityState,
  type ClientOptions as DriverOptions,
  Metadata,
} from '@grpc/grpc-js';
import { isEnabled } from '@lifeguard/tcp';
import { CallCount } from './call-count.js';
import { observed } from './connects.js';
import { channelOptions } from './options.js';

/** A channel that connects once: when its connection is over, so is it. */
export class SingleConnection {
  readonly channel: ChannelInterface;
  readonly calls = new CallCount();
  readonly #sockets = new Set<Socket>();
  #over = false;

  /** @throws {TypeError} as grpc-js does, for an address or credentials that it can't use */
  constructor(address: string, credentials: ChannelCredentials, options: DriverOptions) {
    const observer = { begins: () => this.#checkOpen(), connects: (socket: Socket) => this.#follow(socket) };
    const channel = new Channel(address, observed(credentials, observer), channelOptions(options));
    const { createCall } = channel;
    channel.createCall = (...args) => this.calls.follow(createCall.apply(channel, args));
    this.channel = channel;
  }

  /** Whether calls can be made. An error on a connection that stands is the call's own, whatever its code. */
  get isReady(): boolean {
    return this.channel.getConnectivityState(false) === connectivityState.READY;
  }

  /** @throws {ServiceError} of the kind that a call would be told: `UNAVAILABLE` */
  async open(): Promise<void> {
    let state = this.channel.getConnectivityState(true);
    while (state === connectivityState.IDLE || state === connectivityState.CONNECTING) {
      await changed(this.channel, state);
      state = this.channel.getConnectivityState(false);
    }
    if (state !== connectivityState.READY) {
      this.#over = true;
      throw await lastErrorOf(this.channel);
    }
    changed(this.channel, state).then(() => {
      this.#over = true;
    });
  }

  /** Says goodbye to the server, unless calls are under way: these are ended. Settles when no socket is left. */
  async close(): Promise<void> {
    this.channel.close();
    const open = [...this.#sockets].filter(({ closed }) => !closed);
    const closed = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    if (this.calls.underWay > 0) for (const socket of open) socket.destroy();
    await Promise.all(closed);
  }

  /** Switched off, Lifeguard's pool replaces nothing: then the client connects again, as grpc-js does. */
  #checkOpen(): void {
    if (this.#over && isEnabled()) throw new Error('The connection is over, and this client opens no other');
  }

  #follow(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

function changed(channel: ChannelInterface, state: connectivityState): Promise<void> {
  return new Promise((resolve) => {
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => resolve());
  });
}

/** A channel tells why it could not connect to calls only. Nothing of this one leaves the process. */
function lastErrorOf(channel: ChannelInterface): Promise<Error> {
  return new Promise((resolve) => {
    const call = channel.createCall('/', Number.POSITIVE_INFINITY, null, null, undefined);
    call.start(new Metadata(), {
      onReceiveMetadata() {},
      onReceiveMessage() {},
      // In the words of grpc-js, which does not export how it makes an error of a status.
      onReceiveStatus: (status) => resolve(Object.assign(new Error(`14 UNAVAILABLE: ${status.details}`), status)),
    });
    call.startRead();
  });
}
