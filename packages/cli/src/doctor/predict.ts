import type { TcpOptions } from '@lifeguard/tcp';
import { retransmissionMillis } from '../blackout/stock-waits.js';
import type { Sysctls } from './sysctls.js';

/** After how many milliseconds a connection to a peer that has died silently ends with an error. `null`: it never does. */
export interface NoticedAfter {
  /** Nothing is under way. From the peer's last sign of life. */
  readonly idleMillis: number | null;
  /** A request is acknowledged and not answered. From the peer's last sign of life. */
  readonly waitingMillis: number | null;
  /** Data are sent and not acknowledged. From their sending. Without a user timeout at least: see `sendingMillis`. */
  readonly sendingMillis: number;
}

const SECOND = 1000;

/** What Linux makes of a connection with these options. Computed; the round trip, a kernel timer's delay and load add to it. */
export function predict(options: Readonly<TcpOptions>, sysctls: Sysctls): NoticedAfter {
  const silence = silenceMillis(options);
  return { idleMillis: silence, waitingMillis: silence, sendingMillis: sendingMillis(options, sysctls) };
}

/** What Linux makes of a connection on which nobody has set anything but keepalive. */
export function predictStock(sysctls: Sysctls): NoticedAfter {
  const options = {
    keepAlive: true,
    keepAliveIdleMillis: sysctls.tcp_keepalive_time * SECOND,
    keepAliveIntervalMillis: sysctls.tcp_keepalive_intvl * SECOND,
    keepAliveCount: sysctls.tcp_keepalive_probes,
    userTimeoutMillis: 0,
  };
  return predict(options, sysctls);
}

/**
 * Nothing unacknowledged: the first probe goes out when the peer has been silent for the idle time, and each interval
 * after that the kernel looks again (net/ipv4/tcp_timer.c, tcp_keepalive_timer). Without a user timeout it gives up when
 * as many probes are unanswered as the count says. With one the count is not looked at: it gives up when the peer has
 * been silent for the user timeout and at least one probe is unanswered.
 */
function silenceMillis(options: Readonly<TcpOptions>): number | null {
  if (!options.keepAlive) return null;
  const idle = wholeSeconds(options.keepAliveIdleMillis);
  const interval = wholeSeconds(options.keepAliveIntervalMillis);
  const { keepAliveCount, userTimeoutMillis } = options;
  const unanswered =
    userTimeoutMillis === 0 ? keepAliveCount : Math.max(1, Math.ceil((userTimeoutMillis - idle) / interval));
  return idle + unanswered * interval;
}

/**
 * The user timeout counts from the first retransmission by the retransmission timer, which is set not to fire after it
 * (tcp_timer.c, retransmits_timed_out and tcp_clamp_rto_to_user_timeout). Before that come the tail loss probe and the
 * first retransmission timeout (tcp_output.c, tcp_schedule_loss_probe): on a near network each takes the shortest
 * retransmission timeout.
 *
 * Without a user timeout the kernel has a limit (tcp_model_timeout), at which it looks only when a retransmission timer
 * fires: the result is that limit, and it can be as much more as the last pause between two retransmissions is long.
 */
function sendingMillis({ userTimeoutMillis }: Readonly<TcpOptions>, sysctls: Sysctls): number {
  if (userTimeoutMillis === 0) return retransmissionMillis(sysctls.tcp_retries2, sysctls.tcp_rto_max_ms);
  return (2 * sysctls.tcp_rto_min_us) / 1000 + userTimeoutMillis;
}

/** In which Linux takes the times of keepalive. */
function wholeSeconds(millis: number): number {
  return Math.ceil(millis / SECOND) * SECOND;
}

/** TCP_TIMEOUT_INIT in the kernel's include/net/tcp.h. */
const FIRST_SYN_TIMEOUT_MILLIS = SECOND;

/** After how many milliseconds a connect that nobody answers fails (Documentation/networking/ip-sysctl.rst, tcp_syn_retries). */
export function predictConnect(sysctls: Sysctls): number {
  const { tcp_syn_retries, tcp_syn_linear_timeouts, tcp_rto_max_ms } = sysctls;
  let total = 0;
  for (let sent = 0; sent <= tcp_syn_retries + tcp_syn_linear_timeouts; sent++) {
    const doublings = Math.max(0, sent - tcp_syn_linear_timeouts);
    total += Math.min(FIRST_SYN_TIMEOUT_MILLIS * 2 ** doublings, tcp_rto_max_ms);
  }
  return total;
}
