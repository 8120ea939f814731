import { expect, test } from 'vitest';
import type { Host } from './host.js';
import { startOn } from './start-on.js';

test('why a server did not start is told even if its site can’t be cleared away', async () => {
  const host = {
    powered: true,
    spawn: () => Promise.reject(new Error('no process can be started')),
  } as unknown as Host;
  const start = () => Promise.reject(new Error('the server did not start'));
  await expect(startOn(host, start)).rejects.toThrow('the server did not start');
});
