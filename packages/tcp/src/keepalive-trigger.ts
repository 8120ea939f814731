import type { Handle } from './fd.js';
import type { SocketCalls } from './ffi.js';
import { wantedOf } from './harden.js';
import type { TcpOptions } from './options.js';
import type { Platform } from './platform/index.js';
import { encodeValue, readOption, setOption } from './socket-options.js';

/** Silence in milliseconds after which the kernel can be made to send a keepalive probe: its shortest TCP_KEEPIDLE. */
export const SHORTEST_IDLE_MILLIS = 1000;

/** A user timeout that never ends a connection, and under which the keepalive count does not either. */
const NO_END = 2 ** 31 - 1;

type TriggerOption = 'userTimeoutMillis' | 'keepAlive' | 'keepAliveIdleMillis';

/** In the order in which they are set: nothing can end the connection any more when the first probe goes out. */
const TO_SEND: readonly (readonly [TriggerOption, number | boolean])[] = [
  ['userTimeoutMillis', NO_END],
  ['keepAlive', true],
  ['keepAliveIdleMillis', SHORTEST_IDLE_MILLIS],
];

/** The other way round for the same reason: the user timeout counts again when the timer is the old one again. */
const TO_PUT_BACK = TO_SEND.toReversed();

/**
 * Makes the kernel send keepalive probes now, by three options that it borrows.
 *
 * Linux, net/ipv4/tcp.c: tcp_sock_set_keepidle_locked rearms the keepalive timer each time, for at once if the socket
 * has been silent for longer than the new TCP_KEEPIDLE. Then tcp_keepalive_timer (net/ipv4/tcp_timer.c) sends a probe,
 * unless it ends the connection, which it does if a probe is out and the silence has lasted for the user timeout:
 * without a user timeout for the occasion, one probe lost after a long silence would be the end.
 */
export class KeepAliveTrigger {
  readonly #calls: SocketCalls;
  readonly #platform: Platform;
  readonly #handle: Handle;
  /** What was there before. What others change between two probes is theirs to change: the last value counts. */
  readonly #before = new Map<TriggerOption, number | boolean>();

  constructor(calls: SocketCalls, platform: Platform, handle: Handle) {
    this.#calls = calls;
    this.#platform = platform;
    this.#handle = handle;
  }

  /** The kernel sends a probe within a tick of its clock. False if it does not take the options. */
  send(): boolean {
    return TO_SEND.every(([option, value]) => this.#borrow(option, value));
  }

  /** The options are as `harden` wants them or, on a socket that was not hardened, as they were. Again: nothing. */
  putBack(): void {
    const wanted = wantedOf(this.#handle);
    for (const [option, borrowed] of TO_PUT_BACK) {
      const before = this.#before.get(option);
      // Whoever has set it since has had the last word.
      if (before !== undefined && this.#read(option) === borrowed) this.#set(option, wanted?.[option] ?? before);
    }
    this.#before.clear();
  }

  #borrow(option: TriggerOption, value: number | boolean): boolean {
    const now = this.#read(option);
    if (now === undefined) return false;
    // Also what is so already: putting TCP_KEEPIDLE back is what rearms the timer for what the kernel has to do itself.
    if (now !== value || !this.#before.has(option)) this.#before.set(option, now);
    return this.#set(option, value);
  }

  #read(option: TriggerOption): number | boolean | undefined {
    const reading = readOption(this.#calls, this.#fd, this.#platform.options[option]);
    return 'value' in reading ? reading.value : undefined;
  }

  #set(option: keyof TcpOptions, value: number | boolean): boolean {
    const target = this.#platform.options[option];
    const encoded = Int32Array.of(encodeValue(target, value));
    return (
      setOption(this.#calls, this.#fd, { option, level: target.level, name: target.name, value: encoded }) === undefined
    );
  }

  /** Never one that another socket has taken over: −1, as the kernel answers EBADF, once the handle is closed. */
  get #fd(): number {
    return this.#handle.fd ?? -1;
  }
}
