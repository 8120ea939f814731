import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';

export async function open({ http }) {
  const agent = new Agent({ keepAlive: true });
  const ask = (path) =>
    new Promise((resolve, reject) => {
      get(`${http.url}${path}`, { agent }, (response) => text(response).then(resolve, reject)).once('error', reject);
    });
  return { call: () => ask('/'), wait: () => ask('/hang') };
}
