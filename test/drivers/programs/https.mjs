import { Agent, get } from 'node:https';
import { text } from 'node:stream/consumers';

export async function open({ https }) {
  const agent = new Agent({ keepAlive: true, ca: https.ca });
  const ask = (path) =>
    new Promise((resolve, reject) => {
      get(`${https.url}${path}`, { agent }, (response) => text(response).then(resolve, reject)).once('error', reject);
    });
  return { call: () => ask('/'), wait: () => ask('/hang') };
}
