import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What the unit tests need of the repository, beside the installed packages. Vitest is given its limits anew. */
const NEEDED = ['package.json', 'tsconfig.base.json', 'packages'];

/** Where pnpm keeps what it has installed. */
const STORE = '.pnpm';

/** A copy of the repository that may be broken: the checkout is never touched. */
export class Scratch {
  readonly folder: string;

  /** @param root the repository, with its packages installed and compiled */
  constructor(root: string) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'lifeguard-mutation-')));
    for (const name of NEEDED) copy(join(root, name), join(this.folder, name));
    linkPackages(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  /** Runs `use` while a source file has another text, and its package is compiled from that. */
  async withText<R>(file: string, text: string, use: () => Promise<R>): Promise<R> {
    const before = this.read(file);
    this.#write(file, text);
    try {
      return await use();
    } finally {
      this.#write(file, before);
    }
  }

  remove(): void {
    // Again and again, for a test that has just been killed may have written to it.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  #write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
    const [packageFolder = ''] = file.split('/src/');
    // The status does not matter: a mutation may leave a variable unused, which is an error, and compiled all the same.
    spawnSync(process.execPath, [join(this.folder, 'node_modules/typescript/bin/tsc'), '--build', packageFolder], {
      cwd: this.folder,
    });
  }
}

function copy(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/**
 * pnpm's links are relative: a copy of them leads to the copies of our own packages. The store itself is not copied,
 * and nothing is written to it.
 */
function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  const filter = (path: string) => ![STORE, '.vite', '.cache'].includes(basename(path));
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter });
  symlinkSync(join(from, STORE), join(to, STORE));
}
