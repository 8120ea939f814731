import { BSD_STATES, IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET } from './bsd.js';
import type { Platform } from './index.js';

/**
 * Read in xnu, `bsd/netinet/tcp.h`; never run. TCP_RXT_CONNDROPTIME counts from the first retransmission and is
 * looked at only when the retransmission timer fires. `tcp_connection_info` has neither keepalive probes nor segments
 * in flight: a verdict is never `suspect` here.
 */
export const darwin: Platform = {
  name: 'darwin',
  verified: false,
  options: {
    keepAliveIdleMillis: { level: IPPROTO_TCP, name: 0x10, symbol: 'TCP_KEEPALIVE', unit: 'seconds' },
    keepAliveIntervalMillis: { level: IPPROTO_TCP, name: 0x101, symbol: 'TCP_KEEPINTVL', unit: 'seconds' },
    keepAliveCount: { level: IPPROTO_TCP, name: 0x102, symbol: 'TCP_KEEPCNT', unit: 'count' },
    userTimeoutMillis: { level: IPPROTO_TCP, name: 0x80, symbol: 'TCP_RXT_CONNDROPTIME', unit: 'seconds' },
    keepAlive: { level: SOL_SOCKET, name: SO_KEEPALIVE, symbol: 'SO_KEEPALIVE', unit: 'flag' },
  },
  info: {
    level: IPPROTO_TCP,
    name: 0x106,
    size: 112,
    states: BSD_STATES,
    fields: {
      rtoMicros: { offset: 12, bytes: 4, scale: 1000 },
      sendWindowBytes: { offset: 28, bytes: 4 },
      rttMicros: { offset: 44, bytes: 4, scale: 1000 },
      rttVarMicros: { offset: 48, bytes: 4, scale: 1000 },
      totalRetransmits: { offset: 104, bytes: 8 },
    },
  },
};
