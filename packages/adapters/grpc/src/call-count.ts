import type { ChannelInterface } from '@grpc/grpc-js';

export type Call = ReturnType<ChannelInterface['createCall']>;
type CallListener = Parameters<Call['start']>[1];

/** How many calls are under way on a channel, those that wait for a connection included. */
export class CallCount {
  #underWay = 0;
  /** Those who wait until there is none. */
  #waiting: (() => void)[] = [];

  get underWay(): number {
    return this.#underWay;
  }

  /** Counts a call that was made, from its start to its status: every call gets one. */
  follow(call: Call): Call {
    const { start } = call;
    call.start = (metadata, listener) => {
      this.#underWay += 1;
      start.call(call, metadata, new FollowedCall(listener, this.#end));
    };
    return call;
  }

  /** Settles as soon as none is under way. */
  none(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly #end = () => {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    for (const tell of this.#waiting.splice(0)) tell();
  };
}

/** Passes on what a call is told. A class, for it is made for each call. */
class FollowedCall implements CallListener {
  readonly #listener: CallListener;
  readonly #end: () => void;

  constructor(listener: CallListener, end: () => void) {
    this.#listener = listener;
    this.#end = end;
  }

  onReceiveMetadata(...args: Parameters<CallListener['onReceiveMetadata']>): void {
    this.#listener.onReceiveMetadata(...args);
  }

  onReceiveMessage(...args: Parameters<CallListener['onReceiveMessage']>): void {
    this.#listener.onReceiveMessage(...args);
  }

  onReceiveStatus(...args: Parameters<CallListener['onReceiveStatus']>): void {
    // First, for the caller may go on at once.
    this.#end();
    this.#listener.onReceiveStatus(...args);
  }
}
