import type { TcpOptions } from '@lifeguard/tcp';

/** Idle, interval and user timeout in seconds. */
export function tcpOptions(idle: number, interval: number, count: number, userTimeout: number): TcpOptions {
  return {
    keepAlive: true,
    keepAliveIdleMillis: idle * 1000,
    keepAliveIntervalMillis: interval * 1000,
    keepAliveCount: count,
    userTimeoutMillis: userTimeout * 1000,
  };
}
