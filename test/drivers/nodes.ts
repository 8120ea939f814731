import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/lifeguard-nodes', import.meta.url));

export interface Node {
  /** With a `v` before it, as Node.js writes it. */
  readonly version: string;
  /** Its executable. */
  readonly file: string;
}

/** The one that runs this. */
export const THIS_NODE: Node = { version: process.version, file: process.execPath };

/** npm could not bring a version of Node.js. */
export class FetchError extends Error {}

/**
 * A version of Node.js: the newest of a major version, or an exact one. If it is not the running one, npm's package of that
 * name brings it, once, into `node_modules/.cache`.
 *
 * @throws FetchError
 */
export async function findNode(wanted: string, say: (text: string) => void): Promise<Node> {
  const isThis = THIS_NODE.version === `v${wanted}` || THIS_NODE.version.startsWith(`v${wanted}.`);
  return isThis ? THIS_NODE : fetchNode(wanted, say);
}

async function fetchNode(wanted: string, say: (text: string) => void): Promise<Node> {
  const folder = join(CACHE, wanted);
  const file = join(folder, 'node_modules/node/bin/node');
  if (!existsSync(file)) {
    say(`fetching Node.js ${wanted} from npm`);
    mkdirSync(folder, { recursive: true });
    const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
    const install = run('npm', ['install', '--prefix', folder, ...flags, `node@${wanted}`], { cwd: folder });
    await install.catch((error: Error) => {
      throw new FetchError(`Node.js ${wanted} could not be fetched: ${error.message}`, { cause: error });
    });
  }
  const { stdout } = await run(file, ['--version']);
  return { version: stdout.trim(), file };
}
