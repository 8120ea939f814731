import http from 'node:http';
import { Agent } from '@lifeguard/http';
import { startServer } from '../child-process.mjs';
import { CONNECTIONS } from './connections.mjs';

export async function prepare() {
  const { line: port, stop } = await startServer('adapters/http-server.mjs');
  const options = { keepAlive: true, maxSockets: CONNECTIONS };
  const ours = new Agent(options);
  const theirs = new http.Agent(options);
  return {
    own: { name: '@lifeguard/http Agent', operate: asking(port, ours) },
    stock: { name: 'http.Agent', operate: asking(port, theirs) },
    async close() {
      ours.destroy();
      theirs.destroy();
      await stop();
    },
  };
}

function asking(port, agent) {
  const options = { host: '127.0.0.1', port: Number(port), agent };
  return () =>
    new Promise((resolve, reject) => {
      http.get(options, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
}
