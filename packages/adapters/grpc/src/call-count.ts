import type { ChannelInterface } from '@grpc/grpc-js';

export type Call = ReturnType<ChannelInterface['createCall']>;

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
      start.call(call, metadata, {
        onReceiveMetadata: (received) => listener.onReceiveMetadata(received),
        onReceiveMessage: (message: unknown) => listener.onReceiveMessage(message),
        onReceiveStatus: (status) => {
          // First, for the caller may go on at once.
          this.#end();
          listener.onReceiveStatus(status);
        },
      });
    };
    return call;
  }

  /** Settles as soon as none is under way. */
  none(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #end(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    for (const tell of this.#waiting.splice(0)) tell();
  }
}
