import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createCluster } from './index.js';

/** Lets nobody in. */
async function startRefusing(): Promise<number> {
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (data) => {
        for (const [, name = ''] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
          const isLogin = ['auth', 'hello'].includes(name.toLowerCase());
          socket.write(isLogin ? '-WRONGPASS invalid password\r\n' : '-NOAUTH Authentication required.\r\n');
        }
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a password that a cluster refuses is shown by none of its errors', async () => {
  const password = 'not-the-password';
  const cluster = createCluster([{ host: '127.0.0.1', port: await startRefusing() }], { redisOptions: { password } });
  onTestFinished(() => cluster.disconnect());
  const shown: string[] = [];
  // As of now: later it may have been masked.
  const note = (error: unknown) => shown.push(inspect(error, { depth: 9, showHidden: true }));
  const heard = new EventEmitter();
  for (const event of ['error', 'node error', 'nodeError']) {
    cluster.on(event, (error) => {
      note(error);
      heard.emit(event === 'error' ? 'all nodes' : 'one node');
    });
  }
  await Promise.all([once(heard, 'all nodes'), once(heard, 'one node')]);
  // What a node itself is asked.
  await cluster.nodes('all')[0]?.get('key').catch(note);
  expect(shown.filter((text) => text.includes('WRONGPASS')).length).toBeGreaterThan(1);
  for (const text of shown) expect(text).not.toContain(password);
});
