import { closeSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { LabError } from './errors.js';

const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;
const CLONE_NEWNET = 0x40000000;

/** Whether this process may make namespaces of its own accord. Otherwise it must make a user namespace around them. */
export function mayMakeNamespaces(): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  const capabilities = BigInt(`0x${mask}`);
  return [CAP_NET_ADMIN, CAP_SYS_ADMIN].every((capability) => (capabilities >> capability) & 1n);
}

/**
 * Moves the calling thread into the network namespace of process `pid`. Sockets keep the namespace that they were
 * made in, so only those made from now on are affected.
 * @returns what moves it back to where it was
 * @throws LabError on a worker thread, without koffi, or where the kernel refuses
 */
export function enterNetwork(pid: number): () => void {
  if (!isMainThread) throw new LabError('only the main thread can enter a host');
  const setns = loadSetns();
  const before = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const target = openSync(`/proc/${pid}/ns/net`, 'r');
    try {
      setns(target);
    } finally {
      closeSync(target);
    }
  } catch (error) {
    closeSync(before);
    throw error;
  }
  let inside = true;
  return () => {
    if (!inside) return;
    inside = false;
    setns(before);
    closeSync(before);
  };
}

type Setns = (fd: number) => void;
let cached: Setns | undefined;

function loadSetns(): Setns {
  cached ??= declareSetns();
  return cached;
}

function declareSetns(): Setns {
  const koffi = requireKoffi();
  const setns = koffi.load(null).func('int setns(int, int)');
  return (fd) => {
    if (setns(fd, CLONE_NEWNET) === 0) return;
    const errno = koffi.errno();
    const name = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
    throw new LabError(`the kernel does not let this process enter the host: setns: ${name}`);
  };
}

// Loaded when it is first needed: all else of the lab works without it.
function requireKoffi(): typeof import('koffi') {
  try {
    return createRequire(import.meta.url)('koffi');
  } catch (cause) {
    throw new LabError('to enter a host, this process needs the package koffi, which did not load', { cause });
  }
}
