import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

/** The two system calls, as libc has them: 0, or −1 and then `errno`. */
export interface SocketCalls {
  readonly getsockopt: (
    fd: number,
    level: number,
    name: number,
    value: Uint8Array | Int32Array,
    length: Uint32Array,
  ) => number;
  readonly setsockopt: (fd: number, level: number, name: number, value: Int32Array, length: number) => number;
  /** Why the last call failed. Live: ask in the very next statement. */
  readonly errno: () => number;
}

/** The system calls, or why they can't be had. */
export type Ffi =
  | { readonly calls: SocketCalls; readonly problem?: never }
  | { readonly calls?: never; readonly problem: string };

let ffi: Ffi | undefined;

/** Loads koffi when first asked, once: also a failure is remembered, with its reason. */
export function loadFfi(): Ffi {
  ffi ??= tryLoad();
  return ffi;
}

/** The name of an errno, such as `EINVAL`. */
export function errnoName(errno: number): string {
  return getSystemErrorName(-errno);
}

/**
 * koffi's native part is an optional dependency for each platform: an install without optional dependencies, a bundler
 * or Node's permission model leave it out. That is no reason to fail.
 */
function tryLoad(): Ffi {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const libc = koffi.load(null);
    // Plain types only: a named type can be declared once a process, and a package can be loaded twice.
    const calls: SocketCalls = {
      getsockopt: libc.func('int getsockopt(int, int, int, void *, void *)') as unknown as SocketCalls['getsockopt'],
      setsockopt: libc.func(
        'int setsockopt(int, int, int, void *, unsigned int)',
      ) as unknown as SocketCalls['setsockopt'],
      errno: () => koffi.errno(),
    };
    return { calls };
  } catch (error) {
    return { problem: `koffi could not be loaded: ${firstLine(error)}` };
  }
}

/** What makes and closes a file in memory, as libc has it: a file descriptor or 0, or −1. */
export interface MemoryCalls {
  readonly memfd_create: (name: string, flags: number) => number;
  readonly close: (fd: number) => number;
}

let memoryCalls: MemoryCalls | undefined;

/** `undefined` without koffi, and where libc has no such call: outside Linux, and in old ones. */
export function loadMemoryCalls(): MemoryCalls | undefined {
  if (loadFfi().problem === undefined) memoryCalls ??= tryLoadMemoryCalls();
  return memoryCalls;
}

function tryLoadMemoryCalls(): MemoryCalls | undefined {
  try {
    const libc = (createRequire(import.meta.url)('koffi') as typeof import('koffi')).load(null);
    return {
      memfd_create: libc.func('int memfd_create(const char *, unsigned int)') as unknown as MemoryCalls['memfd_create'],
      close: libc.func('int close(int)') as unknown as MemoryCalls['close'],
    };
  } catch {
    return undefined;
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
