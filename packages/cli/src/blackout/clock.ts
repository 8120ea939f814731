/**
 * Milliseconds of the machine's monotonic clock. All processes share it, unlike `performance.now()`, whose zero is the
 * start of the process: what one process measured can be compared with what another did.
 */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
