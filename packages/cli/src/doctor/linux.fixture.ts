import type { Sysctls } from './sysctls.js';

/** Linux as it comes. */
export const LINUX: Sysctls = {
  tcp_retries2: 15,
  tcp_rto_max_ms: 120_000,
  tcp_rto_min_us: 200_000,
  tcp_keepalive_time: 7200,
  tcp_keepalive_intvl: 75,
  tcp_keepalive_probes: 9,
  tcp_syn_retries: 6,
  tcp_syn_linear_timeouts: 4,
};
