import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { LABEL_FILE_LINK } from '@lifeguard/tcp/labels';
import { NoProcessError, WatchError } from './errors.js';
import { readLabels } from './labels.js';

/** The TCP and other sockets of a process, by inode number as `ss` tells it. */
export interface ProcessSockets {
  readonly inodes: ReadonlySet<string>;
  /** Names of the pools to which they belong, as far as the process tells. */
  readonly pools: ReadonlyMap<string, string>;
}

/** What /proc tells of a process. Every member throws {NoProcessError} and {WatchError}. */
export class ProcessFiles {
  readonly pid: number;
  readonly #folder: string;

  constructor(pid: number) {
    this.pid = pid;
    this.#folder = `/proc/${pid}`;
  }

  /** Of the program: `node`. A process names itself as it likes: without what a terminal would take for a command. */
  name(): string {
    return this.#try(() => readFileSync(`${this.#folder}/comm`, 'utf8').replace(/\p{C}/gu, ''));
  }

  /** It may be there yet, without anything that was its own: its parent has not asked how it ended. */
  hasEnded(): boolean {
    try {
      // The name in parentheses may itself contain parentheses.
      return /\) [ZX] [^)]*$/.test(readFileSync(`${this.#folder}/stat`, 'latin1'));
    } catch (error) {
      return isGone(error);
    }
  }

  /** Each thread that has pools tells of them in a file of its own. */
  sockets(): ProcessSockets {
    const inodes = new Set<string>();
    const pools = new Map<string, string>();
    for (const [path, target] of this.#openFiles()) {
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode !== undefined) inodes.add(inode);
      if (target === LABEL_FILE_LINK) for (const [labelled, pool] of readLabels(path)) pools.set(labelled, pool);
    }
    return { inodes, pools };
  }

  /** The namespace of that kind, if it is another than ours. */
  foreignNamespace(kind: 'net' | 'user'): string | undefined {
    const path = `${this.#folder}/ns/${kind}`;
    return this.#try(() => (readlinkSync(path) === readlinkSync(`/proc/self/ns/${kind}`) ? undefined : path));
  }

  /** By path, where the links lead to. */
  #openFiles(): [path: string, target: string][] {
    return this.#try(() => {
      const paths = readdirSync(`${this.#folder}/fd`).map((fd) => `${this.#folder}/fd/${fd}`);
      return paths.flatMap((path) => {
        const target = targetOf(path);
        return target === undefined ? [] : [[path, target] as [string, string]];
      });
    });
  }

  #try<R>(read: () => R): R {
    try {
      return read();
    } catch (error) {
      // What is left of one that has ended is root's.
      if (isGone(error) || this.hasEnded()) throw new NoProcessError(this.pid);
      const { code } = error as NodeJS.ErrnoException;
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

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ESRCH';
}

function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    // Closed meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
