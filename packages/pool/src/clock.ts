/** How far the machine's clock is ahead of the monotonic one, as far as is known. */
let ahead = 0;

/**
 * Whole milliseconds on the monotonic clock: whoever sets the machine's clock does not change them. For three weeks after the
 * start of the program they are so small that V8 keeps them in their object's own place; a number that is elsewhere
 * costs each loan of a large pool another access to slow memory.
 */
export function clockMillis(): number {
  const now = Math.trunc(performance.now());
  ahead = Date.now() - now;
  return now;
}

/**
 * `clockMillis()` for less: by the machine's clock. Off by as much as that has been set since `clockMillis()` was called last, so
 * whoever finds it surprising had better ask that.
 */
export function roughMillis(): number {
  return Date.now() - ahead;
}
