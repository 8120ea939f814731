import { text } from 'node:stream/consumers';
import type { Host } from './host.js';

/** How many servers have a folder on a host. Beside them there are segments of their shared memory, which come and go. */
export async function countServerFolders(host: Host): Promise<number> {
  const list = await host.spawn('ls', ['/dev/shm']);
  return (await text(list.stdout)).split('\n').filter((name) => /^[\da-f-]{36}$/.test(name)).length;
}
