import type { Socket } from 'node:net';
import { capabilities, inspect, onClientSocket } from '@lifeguard/tcp';
import { onTestFinished } from 'vitest';

/** Options that no socket has by itself. */
export const TCP = {
  keepAlive: true,
  keepAliveIdleMillis: 7000,
  keepAliveIntervalMillis: 2000,
  keepAliveCount: 4,
  userTimeoutMillis: 13_000,
};

/** Whether the kernel tells the options of a socket. With CI=true it has to. */
export function optionsAreReadable(): boolean {
  const { tcpInfo } = capabilities().supported;
  if (!tcpInfo.ok) console.warn(`left out: reading options back, because ${tcpInfo.reason}`);
  return tcpInfo.ok || process.env['CI'] === 'true';
}

/** The sockets that the test opens from here on. */
export function watchSockets(): readonly Socket[] {
  const sockets: Socket[] = [];
  onTestFinished(onClientSocket((socket) => void sockets.push(socket)));
  return sockets;
}

/** The options of those that are open. Their number is that of the sockets. */
export function openOptions(sockets: readonly Socket[]) {
  return [...new Set(sockets)].flatMap((socket) => inspect(socket)?.options ?? []);
}
