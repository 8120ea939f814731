/**
 * Milliseconds of the machine's monotonic clock. All processes share it, those on the hosts of a lab too: what one
 * measured can be compared with what another did.
 */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
