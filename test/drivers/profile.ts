import type { SocketOptions } from './foreign-sockets.js';

/** TCP options, what they are in the kernel, and by when it gives up on a silent peer. */
export interface Profile {
  /** For the programs. */
  readonly env: Readonly<Record<string, string>>;
  readonly expected: SocketOptions;
  /** From the cut to the last caller's error, the kernel's timers' own slack included. */
  readonly limitMillis: number;
}

/** Nothing is set. */
export const BY_DEFAULT: Profile = {
  env: {},
  expected: { keepAlive: 1, idle: 5, interval: 1, count: 3, userTimeout: 10_000 },
  limitMillis: 11_500,
};

/** So that a test need not wait for long. */
export const SHORT: Profile = {
  env: {
    LIFEGUARD_KEEPALIVE_IDLE: '1s',
    LIFEGUARD_KEEPALIVE_INTERVAL: '1s',
    LIFEGUARD_KEEPALIVE_COUNT: '2',
    LIFEGUARD_USER_TIMEOUT: '2s',
  },
  expected: { keepAlive: 1, idle: 1, interval: 1, count: 2, userTimeout: 2000 },
  limitMillis: 3500,
};
