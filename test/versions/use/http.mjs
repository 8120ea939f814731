import assert from 'node:assert/strict';
import { createDispatcher } from '@lifeguard/http';
import { request, fetch as undiciFetch } from 'undici';
import { config } from './service.mjs';

const { host, port, tlsPort, ca, tcp } = config;
const fetch = config.fetch === 'undici' ? undiciFetch : globalThis.fetch;
const dispatcher = createDispatcher({ tcp, connect: { ca } });
for (const url of [`http://${host}:${port}/`, `https://${host}:${tlsPort}/`]) {
  const { statusCode, body } = await request(url, { dispatcher });
  assert.deepEqual([statusCode, await body.text()], [200, 'ok']);
  const answer = await fetch(url, { dispatcher, method: 'POST', body: 'words' });
  assert.deepEqual([answer.status, await answer.text()], [200, 'ok']);
}
await dispatcher.close();
