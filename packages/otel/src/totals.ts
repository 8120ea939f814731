import type { PoolStats } from '@lifeguard/pool';

/** What a pool counts by itself, and what is read of it when somebody collects. */
export type Totals = Pick<PoolStats, 'timeouts' | 'acquired' | 'connectFailures'>;

export function sumOf(one: Totals, other: Totals | undefined): Totals {
  if (!other) return one;
  return {
    timeouts: one.timeouts + other.timeouts,
    acquired: one.acquired + other.acquired,
    connectFailures: one.connectFailures + other.connectFailures,
  };
}
