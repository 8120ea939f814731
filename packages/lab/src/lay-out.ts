import { text } from 'node:stream/consumers';
import type { Certificate } from './certificate.js';
import { LabError } from './errors.js';
import type { Site } from './site.js';

// Runs in the site's folder, which it makes. Its arguments are the names of files; their texts are in the environment, which
// nobody else can read.
const LAY_OUT = `
umask 077
mkdir -p -- "$FOLDER"
cd -- "$FOLDER"
count=0
for name in "$@"; do
  eval "printf %s \\"\\$TEXT_$count\\"" > "$name"
  count=$((count + 1))
done
`;

/**
 * Writes what a server reads into its site's folder: its own files, and those by which it proves itself, `server.key` and
 * `server.crt`.
 *
 * @param server whose files they are
 * @param files their texts, by their names
 * @throws {LabError} (rejects) if that can't be done
 */
export async function layOut(
  site: Site,
  server: string,
  files: Readonly<Record<string, string>>,
  certificate?: Certificate,
): Promise<void> {
  const all = Object.entries({
    ...files,
    ...(certificate && { 'server.key': certificate.key, 'server.crt': certificate.certificate }),
  });
  const work = await site.spawn('sh', ['-euc', LAY_OUT, 'sh', ...all.map(([name]) => name)], {
    env: { FOLDER: site.folder, ...Object.fromEntries(all.map(([, content], index) => [`TEXT_${index}`, content])) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [err, { code, signal }] = await Promise.all([text(work.stderr), work.exited]);
  if (code !== 0) throw new LabError(`${server} could not be set up, ${code ?? signal}: ${err.trim()}`);
}
