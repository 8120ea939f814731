import type { Platform } from './index.js';

const SOL_SOCKET = 0xffff;
const IPPROTO_TCP = 6;

/**
 * Read in `ws2ipdef.h` and `winsock2.h`; never run, and out of reach for now: Node.js gives no file descriptor on
 * Windows. TCP_MAXRT takes -1 for "never", but has no value for the system's own default.
 */
export const win32: Platform = {
  name: 'win32',
  verified: false,
  options: {
    keepAliveIdleMillis: { level: IPPROTO_TCP, name: 3, symbol: 'TCP_KEEPIDLE', unit: 'seconds' },
    keepAliveIntervalMillis: { level: IPPROTO_TCP, name: 17, symbol: 'TCP_KEEPINTVL', unit: 'seconds' },
    keepAliveCount: { level: IPPROTO_TCP, name: 16, symbol: 'TCP_KEEPCNT', unit: 'count' },
    userTimeoutMillis: { level: IPPROTO_TCP, name: 5, symbol: 'TCP_MAXRT', unit: 'seconds', zeroIsUnset: true },
    keepAlive: { level: SOL_SOCKET, name: 8, symbol: 'SO_KEEPALIVE', unit: 'flag' },
  },
  info: undefined,
};
