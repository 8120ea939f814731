import { type ChannelInterface, connectivityState, type Deadline } from '@grpc/grpc-js';
import { MAX_DELAY_MILLIS } from '@lifeguard/tcp/settings';
import { HardenedChannel, type Target } from './hardened-channel.js';

type State = connectivityState;

interface StateWatcher {
  readonly state: State;
  settle(error?: Error): void;
}

/** From the best news to the worst: what a channel that consists of many says of itself. */
const BEST_FIRST: readonly State[] = [
  connectivityState.READY,
  connectivityState.CONNECTING,
  connectivityState.IDLE,
  connectivityState.TRANSIENT_FAILURE,
  connectivityState.SHUTDOWN,
];

/** Several channels to one target, with the face of one. Each call goes to the least busy that can be trusted. */
export class ManyChannels implements ChannelInterface {
  readonly #target: Target;
  readonly #channels: HardenedChannel[];
  readonly #watchers = new Set<StateWatcher>();

  constructor(target: Target, count: number) {
    this.#target = target;
    this.#channels = Array.from({ length: count }, () => this.#open());
  }

  createCall(...args: Parameters<ChannelInterface['createCall']>): ReturnType<ChannelInterface['createCall']> {
    return this.#choose().createCall(...args);
  }

  getTarget(): string {
    return this.#first.driver.getTarget();
  }

  getChannelzRef(): ReturnType<ChannelInterface['getChannelzRef']> {
    return this.#first.driver.getChannelzRef();
  }

  getConnectivityState(tryToConnect: boolean): State {
    const { state } = this;
    if (tryToConnect && state !== connectivityState.READY) this.#first.driver.getConnectivityState(true);
    return state;
  }

  /** @throws {Error} as grpc-js does, if it is closed */
  watchConnectivityState(state: State, deadline: Deadline, callback: (error?: Error) => void): void {
    if (this.state === connectivityState.SHUTDOWN) throw new Error('Channel has been shut down');
    const millis = Number(deadline) - Date.now();
    if (millis <= 0) {
      process.nextTick(callback, deadlinePassed());
      return;
    }
    this.#watchers.add(this.#watcher(state, callback, millis));
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  /** The best state of any. */
  get state(): State {
    const states = new Set(this.#channels.map((channel) => channel.state));
    return BEST_FIRST.find((state) => states.has(state)) ?? connectivityState.IDLE;
  }

  get #first(): HardenedChannel {
    return this.#channels[0] ?? this.#open();
  }

  #open(): HardenedChannel {
    return new HardenedChannel(this.#target, () => this.#tellWatchers());
  }

  /** If the kernel suspects the peer of every connection, the call is the first of a new one. */
  #choose(): HardenedChannel {
    let chosen: HardenedChannel | undefined;
    for (const channel of this.#channels) {
      if ((!chosen || byReadiness(channel, chosen) < 0) && !channel.isSuspect) chosen = channel;
    }
    return chosen ?? this.#replace(this.#channels.toSorted(byReadiness)[0] ?? this.#first);
  }

  #replace(suspect: HardenedChannel): HardenedChannel {
    const fresh = this.#open();
    this.#channels.splice(this.#channels.indexOf(suspect), 1, fresh);
    void suspect.closeWhenDone();
    return fresh;
  }

  #watcher(state: State, callback: (error?: Error) => void, millis: number): StateWatcher {
    const watcher = {
      state,
      settle: (error?: Error) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        callback(error);
      },
    };
    const timer = millis > MAX_DELAY_MILLIS ? undefined : setTimeout(watcher.settle, millis, deadlinePassed());
    return watcher;
  }

  #tellWatchers(): void {
    const { state } = this;
    for (const watcher of [...this.#watchers]) if (watcher.state !== state) watcher.settle();
  }
}

function deadlinePassed(): Error {
  return new Error('Deadline passed without connectivity state change');
}

/** Those that can't connect come last, then the busier ones, then those that have yet to connect. */
function byReadiness(one: HardenedChannel, other: HardenedChannel): number {
  return (
    Number(isFailing(one)) - Number(isFailing(other)) ||
    one.calls - other.calls ||
    Number(isReady(other)) - Number(isReady(one))
  );
}

function isFailing({ state }: HardenedChannel): boolean {
  return state === connectivityState.TRANSIENT_FAILURE;
}

function isReady({ state }: HardenedChannel): boolean {
  return state === connectivityState.READY;
}
