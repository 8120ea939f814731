import { readFileSync } from 'node:fs';

/** The sysctls (net.ipv4.*) by which Linux gives up on a peer when nobody has told it otherwise. */
export interface TcpSysctls {
  readonly tcp_retries2: number;
  /** The longest pause between two retransmissions. Kernels before 6.15 don't have this setting; theirs is 120 s. */
  readonly tcp_rto_max_ms: number;
  readonly tcp_keepalive_time: number;
  readonly tcp_keepalive_intvl: number;
  readonly tcp_keepalive_probes: number;
}

/** How long, by the sysctls of this machine, a client waits that sets nothing on its sockets. Computed, not measured. */
export interface StockWaits {
  readonly sysctls: TcpSysctls;
  /** A request that is not acknowledged. At least: the kernel looks only when its next timer fires. */
  readonly sendingMillis: number;
  /** An acknowledged request that is not answered, with `keepAlive: true`. Without, which is pg's default, it waits for ever. */
  readonly waitingWithKeepAliveMillis: number;
}

const SECOND = 1000;

/** TCP_RTO_MIN in the kernel's include/net/tcp.h. */
const RTO_MIN_MILLIS = 200;

const RTO_MAX_MILLIS = 120 * SECOND;

/** From this machine's sysctls; `undefined` where there are none, as outside Linux. */
export function readStockWaits(folder = '/proc/sys/net/ipv4'): StockWaits | undefined {
  const read = (name: string) => Number(readFileSync(`${folder}/${name}`, 'utf8'));
  try {
    return stockWaits({
      tcp_retries2: read('tcp_retries2'),
      tcp_rto_max_ms: readOr(RTO_MAX_MILLIS, () => read('tcp_rto_max_ms')),
      tcp_keepalive_time: read('tcp_keepalive_time'),
      tcp_keepalive_intvl: read('tcp_keepalive_intvl'),
      tcp_keepalive_probes: read('tcp_keepalive_probes'),
    });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function readOr(fallback: number, read: () => number): number {
  try {
    return read();
  } catch (error) {
    if (isMissing(error)) return fallback;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

export function stockWaits(sysctls: TcpSysctls): StockWaits {
  const { tcp_keepalive_time: time, tcp_keepalive_intvl: interval, tcp_keepalive_probes: probes } = sysctls;
  return {
    sysctls,
    sendingMillis: retransmissionMillis(sysctls.tcp_retries2, sysctls.tcp_rto_max_ms),
    waitingWithKeepAliveMillis: (time + interval * probes) * SECOND,
  };
}

/**
 * How long Linux retransmits: pauses that double from 200 ms until they would exceed the longest, and are that long from
 * then on. Source: tcp_model_timeout in net/ipv4/tcp_timer.c. (A connection whose round trips take longer than some
 * milliseconds starts with a longer pause; the kernel's limit takes no account of that, nor does this.)
 */
export function retransmissionMillis(retries: number, longestPauseMillis: number): number {
  const doublings = Math.floor(Math.log2(Math.floor(longestPauseMillis / RTO_MIN_MILLIS)));
  const doubled = (2 ** (Math.min(retries, doublings) + 1) - 1) * RTO_MIN_MILLIS;
  return doubled + Math.max(0, retries - doublings) * longestPauseMillis;
}
