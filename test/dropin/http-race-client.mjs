// Asks a server that closes idle connections around the moment at which it does, again and again, with its own event loop held up over
// that moment: then the FIN is in the kernel, and nobody has read it. It tells what became of the second request of each pair.
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, createDispatcher, HttpsAgent } from '@lifeguard/http';
import { request, Agent as UndiciAgent } from 'undici';

const { client, pairs, host, port, tlsPort, ca, idleMillis } = JSON.parse(process.argv[2]);
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const plain = { host, port };
const tls = { host, port: tlsPort, ca, servername: 'localhost' };
const url = `http://${host}:${port}/`;

const clients = {
  'http.Agent': () => asking(http, plain, new http.Agent({ keepAlive: true })),
  Agent: () => asking(http, plain, new Agent({ keepAlive: true })),
  'https.Agent': () => asking(https, tls, new https.Agent({ keepAlive: true })),
  HttpsAgent: () => asking(https, tls, new HttpsAgent({ keepAlive: true })),
  'undici.Agent': () => requesting(new UndiciAgent()),
  dispatcher: () => requesting(createDispatcher()),
  'fetch by default': () => fetching(undefined),
  'fetch over dispatcher': () => fetching(createDispatcher()),
};

const ask = clients[client]();
const outcomes = {};
for (let pair = 0; pair < pairs; pair += 1) {
  await ask().catch(() => {});
  // The connection goes back to where it is idle.
  await delay(5);
  Atomics.wait(sleeper, 0, 0, idleMillis - 10 + (pair % 30));
  const outcome = await ask().then(() => 'answered', codeOf);
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}
process.send(outcomes, () => process.exit());

function asking({ get }, options, agent) {
  return () =>
    new Promise((resolve, reject) => {
      get({ ...options, agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
}

function requesting(dispatcher) {
  return async () => (await request(url, { dispatcher })).body.text();
}

function fetching(dispatcher) {
  return async () => (await fetch(url, { dispatcher })).text();
}

function codeOf({ code, message, cause }) {
  return cause?.code ?? code ?? message;
}
