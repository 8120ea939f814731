// The TCP sockets of another process, from outside: found in /proc, and read through the kernel by pidfd_getfd(2), which
// hands out a copy of another process's file descriptor. It knows neither Node.js nor Lifeguard, so it misses no socket
// and takes nobody's word.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import koffi from 'koffi';

/** As the kernel has them: seconds, but for the user timeout, which is in milliseconds. */
export interface SocketOptions {
  /** SO_KEEPALIVE */
  readonly keepAlive: number;
  /** TCP_KEEPIDLE */
  readonly idle: number;
  /** TCP_KEEPINTVL */
  readonly interval: number;
  /** TCP_KEEPCNT */
  readonly count: number;
  /** TCP_USER_TIMEOUT */
  readonly userTimeout: number;
}

export interface ForeignSocket {
  readonly inode: string;
  readonly options: SocketOptions;
}

// The numbers of these system calls are the same on every architecture: linux/include/uapi/asm-generic/unistd.h.
const PIDFD_OPEN = 434;
const PIDFD_GETFD = 438;

const SOL_SOCKET = 1;
const IPPROTO_TCP = 6;
/** linux/include/uapi/asm-generic/socket.h, linux/include/uapi/linux/tcp.h */
const OPTIONS: Readonly<Record<keyof SocketOptions, readonly [level: number, name: number]>> = {
  keepAlive: [SOL_SOCKET, 9],
  idle: [IPPROTO_TCP, 4],
  interval: [IPPROTO_TCP, 5],
  count: [IPPROTO_TCP, 6],
  userTimeout: [IPPROTO_TCP, 18],
};

/** linux/include/net/tcp_states.h */
const LISTEN = '0A';
const CONNECTING = '02';

const libc = koffi.load(null);
const syscall = libc.func('long syscall(long, long, long, long)');
const getsockopt = libc.func('int getsockopt(int, int, int, void *, void *)');
const close = libc.func('int close(int)');

/** The TCP sockets with which a process is connected as a client now. One that it is about to close may be left out. */
export function clientSocketsOf(pid: number): ForeignSocket[] {
  const table = tcpTable(pid);
  const listening = new Set(table.filter(({ state }) => state === LISTEN).map(({ port }) => port));
  const clients = table.filter(({ state, port }) => state !== LISTEN && state !== CONNECTING && !listening.has(port));
  const inodes = new Set(clients.map(({ inode }) => inode));
  return descriptorsOf(pid)
    .filter(({ inode }) => inodes.has(inode))
    .flatMap(({ fd, inode }) => {
      const options = optionsOf(pid, fd);
      return options ? [{ inode, options }] : [];
    });
}

interface TableLine {
  /** Its own. */
  readonly port: string;
  readonly state: string;
  readonly inode: string;
}

/** proc_net_tcp(5): of all processes in the same network. */
function tcpTable(pid: number): TableLine[] {
  return ['tcp', 'tcp6'].flatMap((name) => {
    const [, ...lines] = readFileSync(`/proc/${pid}/net/${name}`, 'utf8').trim().split('\n');
    return lines.map((line) => {
      const [, local = '', , state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      return { port: local.slice(local.indexOf(':') + 1), state, inode };
    });
  });
}

interface Descriptor {
  readonly fd: number;
  readonly inode: string;
}

function descriptorsOf(pid: number): Descriptor[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(targetOf(`/proc/${pid}/fd/${name}`)) ?? [];
    return inode === undefined ? [] : [{ fd: Number(name), inode }];
  });
}

/** Empty for what has been closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

function optionsOf(pid: number, fd: number): SocketOptions | undefined {
  const process = syscall(PIDFD_OPEN, pid, 0, 0) as number;
  if (process < 0) return undefined;
  const copy = syscall(PIDFD_GETFD, process, fd, 0) as number;
  close(process);
  if (copy < 0) return undefined;
  const read = (option: keyof SocketOptions) => readOption(copy, ...OPTIONS[option]);
  const options = {
    keepAlive: read('keepAlive'),
    idle: read('idle'),
    interval: read('interval'),
    count: read('count'),
    userTimeout: read('userTimeout'),
  };
  close(copy);
  return options;
}

function readOption(fd: number, level: number, name: number): number {
  const value = new Int32Array(1);
  const length = Uint32Array.of(value.byteLength);
  return getsockopt(fd, level, name, value, length) === 0 ? (value[0] ?? Number.NaN) : Number.NaN;
}
