import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface Manifest {
  readonly name: string;
  readonly version: string;
}

interface Pack {
  readonly manifest: Manifest;
  readonly bytes: Buffer;
}

/** A registry on loopback from which npm installs packs as if they were published. */
export class PackRegistry {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    const { port } = server.address() as AddressInfo;
    this.url = `http://127.0.0.1:${port}/`;
    this.#server = server;
  }

  static async of(folder: string, files: readonly string[]): Promise<PackRegistry> {
    const packs = new Map(
      await Promise.all(files.map(async (file) => [file, await readPack(join(folder, file))] as const)),
    );
    const server = createServer(({ url = '', headers }, response) => {
      const path = decodeURIComponent(url.slice(1));
      const pack = packs.get(path);
      if (pack) return response.end(pack.bytes);
      const [file, named] = [...packs].find(([, { manifest }]) => manifest.name === path) ?? [];
      if (!named) return response.writeHead(404).end('{}');
      return response.end(JSON.stringify(descriptionOf(named, `http://${headers.host}/${file}`)));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new PackRegistry(server);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function readPack(path: string): Promise<Pack> {
  const { stdout } = await promisify(execFile)('tar', ['-xzOf', path, 'package/package.json']);
  return { manifest: JSON.parse(stdout), bytes: await readFile(path) };
}

/** What npm asks a registry for: all versions of a package, of which there is one. */
function descriptionOf({ manifest, bytes }: Pack, tarball: string): object {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball, integrity } } },
  };
}
