/** The options that a socket has by default. */
export const DEFAULTS = {
  keepAlive: true,
  keepAliveIdleMillis: 5000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 3,
  userTimeoutMillis: 10_000,
};
/** Short options, so that the whole matrix takes half a minute; see the table of targets in the README. */
export const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 1000,
  keepAliveIntervalMillis: 1000,
  keepAliveCount: 2,
  userTimeoutMillis: 2000,
};
/** By these options the kernel gives up within 3.5 s: idle 1 s, then probes 1 s apart, and its timers' own slack. */
export const KERNEL_MILLIS = 3500;
/** What a busy machine may add. */
export const NOISE_MILLIS = 1500;
/** No live kernel is given up sooner: one probe interval after the silence began, or the user timeout. */
export const SOONEST_MILLIS = 900;
/** From the healing to the next answer. */
export const RETURN_MILLIS = 1000;
/** How long those wait for a connection who don't wait for long. */
export const IMPATIENCE_MILLIS = 2500;
