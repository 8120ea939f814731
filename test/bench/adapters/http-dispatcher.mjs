import { createDispatcher } from '@lifeguard/http';
import { Agent, request } from 'undici';
import { startServer } from '../child-process.mjs';
import { CONNECTIONS } from './connections.mjs';

export async function prepare() {
  const { line: port, stop } = await startServer('adapters/http-server.mjs');
  const ours = createDispatcher({ connections: CONNECTIONS });
  const theirs = new Agent({ connections: CONNECTIONS });
  return {
    own: { name: '@lifeguard/http dispatcher', operate: asking(port, ours) },
    stock: { name: 'Agent of undici', operate: asking(port, theirs) },
    async close() {
      await Promise.all([ours.close(), theirs.close()]);
      await stop();
    },
  };
}

function asking(port, dispatcher) {
  const url = `http://127.0.0.1:${port}/`;
  return async () => (await request(url, { dispatcher })).body.text();
}
