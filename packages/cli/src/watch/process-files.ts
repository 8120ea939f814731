import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { NoProcessError, WatchError } from './errors.js';

/** What /proc tells of a process. Every member throws {NoProcessError} and {WatchError}. */
export class ProcessFiles {
  readonly pid: number;
  readonly #folder: string;

  constructor(pid: number) {
    this.pid = pid;
    this.#folder = `/proc/${pid}`;
  }

  /** Of the program: `node`. */
  name(): string {
    return this.#try(() => readFileSync(`${this.#folder}/comm`, 'utf8').trimEnd());
  }

  /** The inode numbers of its sockets, as `ss` tells them. */
  socketInodes(): Set<string> {
    return this.#try(() => {
      const inodes = readdirSync(`${this.#folder}/fd`).map((fd) => socketInode(`${this.#folder}/fd/${fd}`));
      return new Set(inodes.filter((inode) => inode !== undefined));
    });
  }

  /** The namespace of that kind, if it is another than ours. */
  foreignNamespace(kind: 'net' | 'user'): string | undefined {
    const path = `${this.#folder}/ns/${kind}`;
    return this.#try(() => (readlinkSync(path) === readlinkSync(`/proc/self/ns/${kind}`) ? undefined : path));
  }

  #try<R>(read: () => R): R {
    try {
      return read();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ESRCH') throw new NoProcessError(this.pid);
      if (code === 'EACCES' || code === 'EPERM') {
        throw new WatchError(
          `the kernel does not show process ${this.pid} to this user: run this as its user or as root; in a ` +
            'container, with the capability SYS_PTRACE',
        );
      }
      throw error;
    }
  }
}

function socketInode(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch (error) {
    // Closed meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
