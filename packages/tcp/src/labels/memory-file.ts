import { openSync } from 'node:fs';
import { loadMemoryCalls, type MemoryCalls } from '../ffi.js';

// include/uapi/linux/memfd.h
const MFD_CLOEXEC = 1;
const MFD_NOEXEC_SEAL = 8;

/**
 * Makes a file that is nowhere but in memory (Linux, memfd_create(2)). It is gone when its descriptor is closed, or when the
 * thread ends that made it. From outside it can be read as `/proc/PID/fd/FD`, by the process's user and by root.
 *
 * @returns its file descriptor; `undefined` if there can't be one
 */
export function openMemoryFile(name: string): number | undefined {
  const calls = loadMemoryCalls();
  const created = calls ? create(calls, name) : -1;
  if (calls === undefined || created < 0) return undefined;
  try {
    // Once more and by Node.js, which then closes it when a worker thread is ended in the midst of its work.
    return openSync(`/proc/self/fd/${created}`, 'r+');
  } catch {
    return undefined;
  } finally {
    calls.close(created);
  }
}

function create({ memfd_create }: MemoryCalls, name: string): number {
  const fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  // The seal, without which newer kernels complain in their log, is unknown to those before Linux 6.3.
  return fd < 0 ? memfd_create(name, MFD_CLOEXEC) : fd;
}
