import { BSD_STATES, IPPROTO_TCP, SO_KEEPALIVE, SOL_SOCKET } from './bsd.js';
import type { Platform } from './index.js';

/**
 * Read in FreeBSD, `sys/netinet/tcp.h` and `tcp_fill_info` in `sys/netinet/tcp_usrreq.c`; never run. The structure has
 * Linux's fields, but the kernel leaves most of them at zero, probes and unacked among them: a verdict is never
 * `suspect` here. TCP_MAXUNACKTIME came with FreeBSD 14.
 */
export const freebsd: Platform = {
  name: 'freebsd',
  verified: false,
  options: {
    keepAliveIdleMillis: { level: IPPROTO_TCP, name: 256, symbol: 'TCP_KEEPIDLE', unit: 'seconds' },
    keepAliveIntervalMillis: { level: IPPROTO_TCP, name: 512, symbol: 'TCP_KEEPINTVL', unit: 'seconds' },
    keepAliveCount: { level: IPPROTO_TCP, name: 1024, symbol: 'TCP_KEEPCNT', unit: 'count' },
    userTimeoutMillis: { level: IPPROTO_TCP, name: 68, symbol: 'TCP_MAXUNACKTIME', unit: 'seconds' },
    keepAlive: { level: SOL_SOCKET, name: SO_KEEPALIVE, symbol: 'SO_KEEPALIVE', unit: 'flag' },
  },
  info: {
    level: IPPROTO_TCP,
    name: 32,
    size: 236,
    states: BSD_STATES,
    fields: {
      rtoMicros: { offset: 8, bytes: 4 },
      lastDataReceivedMillis: { offset: 52, bytes: 4, scale: 0.001 },
      rttMicros: { offset: 68, bytes: 4 },
      rttVarMicros: { offset: 72, bytes: 4 },
      sendWindowBytes: { offset: 100, bytes: 4 },
      totalRetransmits: { offset: 120, bytes: 4 },
    },
  },
};
