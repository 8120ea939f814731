import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

const libc = (createRequire(import.meta.url)('koffi') as typeof import('koffi')).load(null);
const getsockopt = libc.func('int getsockopt(int, int, int, void *, void *)');

/** Linux's numbers again, apart from the tables that are tested with this. Times as the kernel has them: seconds, but milliseconds for the user timeout. */
const LINUX = {
  SO_KEEPALIVE: [1, 9],
  TCP_KEEPIDLE: [6, 4],
  TCP_KEEPINTVL: [6, 5],
  TCP_KEEPCNT: [6, 6],
  TCP_USER_TIMEOUT: [6, 18],
} as const;

/** The five options of a socket as the kernel has them now. */
export function kernelOptions(socket: Socket): Record<keyof typeof LINUX, number> {
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const entries = Object.entries(LINUX).map(([symbol, [level, name]]) => {
    const value = new Int32Array(1);
    const status = getsockopt(fd, level, name, value, Uint32Array.of(4)) as number;
    if (status !== 0) throw new Error(`getsockopt(${fd}, ${symbol}) failed`);
    return [symbol, value[0] ?? -1];
  });
  return Object.fromEntries(entries) as Record<keyof typeof LINUX, number>;
}
