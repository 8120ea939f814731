import { closeSync, readlinkSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { isEnabled } from '../enabled.js';
import { fdOf, isDestroyed } from '../fd.js';
import { formatLabels, LABEL_FILE, type LabelledInodes } from './label-file.js';
import { openMemoryFile } from './memory-file.js';

/**
 * Says whose a socket is, for `lifeguard watch`, which looks from outside. Say it again to change it. It ends with the
 * socket; a socket that connects again has to be labelled again.
 *
 * The labels are in a file in memory, one a thread, which the process's user and root can read. It is written a tenth of a
 * second after a change, so whatever happens in that time costs one write, and what is opened and closed in it none. It
 * exists as long as there are sockets to tell of, and keeps no process alive.
 *
 * Does nothing outside Linux, without koffi, and with `LIFEGUARD_ENABLED` off. Never fails: what can't be told is not told.
 */
export function label(socket: Socket, text: string): void {
  if (process.platform !== 'linux' || !isEnabled()) return;
  // With the socket as it was given: that of an HTTP/2 session is a proxy, and a listener of it is called on what is behind.
  if (!labelled.has(socket)) socket.once('close', () => forget(socket));
  labelled.set(socket, { text, inode: undefined });
  updateSoon();
}

const UPDATE_AFTER_MILLIS = 100;

interface Label {
  readonly text: string;
  /** Of the kernel's socket: unlike its file descriptor it is never another's soon after. */
  inode: number | undefined;
}

const labelled = new Map<Socket, Label>();
let timer: NodeJS.Timeout | undefined;
let file: number | undefined;
/** What is in the file. */
let written = '';

function forget(socket: Socket): void {
  labelled.delete(socket);
  if (labelled.size > 0) updateSoon();
  else close();
}

function updateSoon(): void {
  timer ??= setTimeout(update, UPDATE_AFTER_MILLIS).unref();
}

function update(): void {
  timer = undefined;
  // Some drivers take every listener off a socket that they have done with.
  for (const socket of labelled.keys()) if (isDestroyed(socket)) labelled.delete(socket);
  if (labelled.size === 0) close();
  else attempt(write);
}

function write(): void {
  const inodes = findInodes();
  const text = formatLabels(inodes);
  if (inodes.size > 0) file ??= openMemoryFile(LABEL_FILE);
  if (file === undefined || text === written) return;
  writeSync(file, text, 0);
  written = text;
}

function findInodes(): LabelledInodes {
  const found = new Map<string, number[]>();
  for (const [socket, own] of labelled) {
    const inode = own.inode ?? inodeOf(socket);
    // Each address that is tried has a kernel socket of its own.
    if (socket.connecting) updateSoon();
    else own.inode = inode;
    if (inode === undefined) continue;
    const inodes = found.get(own.text);
    if (inodes) inodes.push(inode);
    else found.set(own.text, [inode]);
  }
  return found;
}

/**
 * By its link, and not by `fstatSync`: Node.js's `realpathSync` looks into what the last `fstatSync` of anybody has left, and
 * after that of a socket it ends halfway, so that modules behind a symbolic link are found in the wrong place.
 */
function inodeOf(socket: Socket): number | undefined {
  const fd = fdOf(socket);
  const [, inode] = fd < 0 ? [] : (/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? []);
  return inode === undefined ? undefined : Number(inode);
}

function close(): void {
  clearTimeout(timer);
  timer = undefined;
  if (file === undefined) return;
  const open = file;
  file = undefined;
  written = '';
  attempt(() => closeSync(open));
}

/** Out of memory or of file descriptors, a descriptor that somebody else has closed: the next change is another chance. */
function attempt(step: () => void): void {
  try {
    step();
  } catch {}
}
