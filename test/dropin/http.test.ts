import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, HttpsAgent } from '@lifeguard/http';
import { selfSignedCertificate } from '@lifeguard/lab';
import { inspect } from '@lifeguard/tcp';
import axios from 'axios';
import { expect, onTestFinished, test } from 'vitest';

const { key, certificate } = selfSignedCertificate(['127.0.0.1']);

test.each(['http', 'https'] as const)(
  'axios does over the agent of %s what it does over that of Node.js',
  async (scheme) => {
    const secure = { keepAlive: true, ca: certificate };
    const stock = await exercise(scheme, new http.Agent({ keepAlive: true }), new https.Agent(secure));
    const ours = await exercise(scheme, new Agent({ keepAlive: true }), new HttpsAgent(secure));
    expect(ours.seen).toEqual(stock.seen);
    expect(ours.options).toMatchObject({ keepAliveIdleMillis: 5000, userTimeoutMillis: 10_000 });
  },
);

async function exercise(scheme: 'http' | 'https', httpAgent: http.Agent, httpsAgent: https.Agent) {
  const { url, connections } = await startServer(scheme);
  for (const agent of [httpAgent, httpsAgent]) onTestFinished(() => agent.destroy());
  // Without the proxy of the machine, if there is one.
  const client = axios.create({ baseURL: url, httpAgent, httpsAgent, proxy: false });
  const echo = await client.post('/echo', { a: 1 });
  const redirected = await client.get('/redirect');
  const missing = await client.get('/missing').catch((error) => error.response.status);
  const late = await client.get('/hang', { timeout: 50 }).catch((error) => error.code);
  const many = await Promise.all(Array.from({ length: 20 }, () => client.get('/')));
  const statuses = many.map(({ status }) => status);
  return {
    seen: { echo: echo.data, redirected: redirected.data, missing, late, statuses, connections: connections() },
    options: inspect(many[0]?.request.socket)?.options,
  };
}

test('axios is refused in its own words', async () => {
  const { url, close } = await startServer('http');
  await close();
  const refused = axios.get(url, { httpAgent: new Agent(), proxy: false });
  await expect(refused).rejects.toMatchObject({ isAxiosError: true, code: 'ECONNREFUSED' });
});

async function startServer(scheme: 'http' | 'https') {
  const answer: http.RequestListener = (request, response) => {
    if (request.url === '/hang') return;
    if (request.url === '/redirect') response.writeHead(302, { location: '/' }).end();
    else if (request.url === '/missing') response.writeHead(404).end();
    else if (request.url === '/echo') request.pipe(response.setHeader('content-type', 'application/json'));
    else response.end('ok');
  };
  const server = scheme === 'http' ? http.createServer(answer) : https.createServer({ key, cert: certificate }, answer);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { url: `${scheme}://127.0.0.1:${port}`, connections: () => connections, close };
}
