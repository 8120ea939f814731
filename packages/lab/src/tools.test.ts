import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const reachable = vi.hoisted(() => ({ folders: [] as string[] }));

// The machine's own commands are hidden, so that the tests know what there is.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const accessSync: typeof fs.accessSync = (path, mode) => {
    if (!reachable.folders.some((folder) => String(path).startsWith(`${folder}/`))) throw new Error('ENOENT');
    fs.accessSync(path, mode);
  };
  return { ...fs, accessSync };
});

const { requireTools, tool } = await import('./tools.js');

describe('the commands that a lab needs', () => {
  const path = process.env['PATH'];
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tools-test-'));
    reachable.folders = [folder];
    process.env['PATH'] = `/nowhere:${folder}`;
  });

  afterEach(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });

  async function install(name: string, mode = 0o755): Promise<void> {
    await writeFile(join(folder, name), '');
    await chmod(join(folder, name), mode);
  }

  it('are named with their packages, all at once, if they are missing', async () => {
    await install('unshare');
    await install('ip', 0o644);
    expect(() => requireTools(['unshare', 'ip', 'nft', 'nsenter'])).toThrow(
      'missing commands: ip, nft, nsenter: install the packages iproute2, nftables, util-linux',
    );
    expect(() => tool('nft')).toThrow('the command nft is missing: install the package nftables');
  });

  it('are found in PATH', async () => {
    await install('unshare');
    expect(tool('unshare')).toBe(join(folder, 'unshare'));
  });

  it('are found in the sbin folders, which an ordinary PATH lacks', () => {
    reachable.folders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
    expect(tool('sh')).toMatch(/^\/(usr\/)?s?bin\/sh$/);
  });
});
