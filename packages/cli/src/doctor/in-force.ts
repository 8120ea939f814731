import type { Capabilities, TcpOptions } from '@lifeguard/tcp';

/** What libuv sets along with the idle time. */
const OF_NODE = { keepAliveIntervalMillis: 1000, keepAliveCount: 10 } as const;

/** What comes of the options on this platform: what can't be set is as Node.js or the kernel has it. */
export function inForce(wanted: Readonly<TcpOptions>, { supported }: Capabilities): Readonly<TcpOptions> {
  return {
    ...wanted,
    ...(supported.keepAliveInterval.ok ? {} : OF_NODE),
    ...(supported.userTimeout.ok ? {} : { userTimeoutMillis: 0 }),
  };
}
