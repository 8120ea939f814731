import type { Platform } from './index.js';

const SOL_SOCKET = 1;
const IPPROTO_TCP = 6;

/** Constants: include/uapi/asm-generic/socket.h and include/uapi/linux/tcp.h. States: include/net/tcp_states.h. */
export const linux: Platform = {
  name: 'linux',
  verified: true,
  options: {
    keepAliveIdleMillis: { level: IPPROTO_TCP, name: 4, symbol: 'TCP_KEEPIDLE', unit: 'seconds' },
    keepAliveIntervalMillis: { level: IPPROTO_TCP, name: 5, symbol: 'TCP_KEEPINTVL', unit: 'seconds' },
    keepAliveCount: { level: IPPROTO_TCP, name: 6, symbol: 'TCP_KEEPCNT', unit: 'count' },
    userTimeoutMillis: { level: IPPROTO_TCP, name: 18, symbol: 'TCP_USER_TIMEOUT', unit: 'milliseconds' },
    keepAlive: { level: SOL_SOCKET, name: 9, symbol: 'SO_KEEPALIVE', unit: 'flag' },
  },
  // From Linux 6.15 on.
  longestRto: {
    option: { level: IPPROTO_TCP, name: 44, symbol: 'TCP_RTO_MAX_MS', unit: 'milliseconds' },
    leastMillis: 1000,
  },
  info: {
    level: IPPROTO_TCP,
    name: 11,
    size: 256,
    states: [
      undefined,
      'ESTABLISHED',
      'SYN_SENT',
      'SYN_RECEIVED',
      'FIN_WAIT_1',
      'FIN_WAIT_2',
      'TIME_WAIT',
      'CLOSED',
      'CLOSE_WAIT',
      'LAST_ACK',
      'LISTEN',
      'CLOSING',
      'SYN_RECEIVED',
    ],
    fields: {
      retransmits: { offset: 2, bytes: 1 },
      probes: { offset: 3, bytes: 1 },
      backoff: { offset: 4, bytes: 1 },
      rtoMicros: { offset: 8, bytes: 4 },
      unacked: { offset: 24, bytes: 4 },
      lost: { offset: 32, bytes: 4 },
      lastDataSentMillis: { offset: 44, bytes: 4 },
      lastDataReceivedMillis: { offset: 52, bytes: 4 },
      lastAckReceivedMillis: { offset: 56, bytes: 4 },
      rttMicros: { offset: 68, bytes: 4 },
      rttVarMicros: { offset: 72, bytes: 4 },
      totalRetransmits: { offset: 100, bytes: 4 },
      notSentBytes: { offset: 144, bytes: 4 },
      minRttMicros: { offset: 148, bytes: 4 },
      sendWindowBytes: { offset: 228, bytes: 4 },
    },
  },
};
