// A service for one row of the matrix of @lifeguard/http, see `row.mjs`: the agents, undici and the fetch of Node.js over a
// dispatcher, in every state, plain and over TLS.
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, createDispatcher, HttpsAgent } from '@lifeguard/http';
import { request, Agent as UndiciAgent, fetch as undiciFetch } from 'undici';
import { enact } from './row.mjs';
import { config, describe, outcome } from './service.mjs';

const { host, port, tlsPort, ca, tcp, allowH2, impatienceMillis: connectTimeoutMillis } = config;
/** Node.js's own, but for an undici that it can't be used with. */
const fetch = config.fetch === 'undici' ? undiciFetch : globalThis.fetch;
const ours = { tcp, connectTimeoutMillis };
const urls = { plain: `http://${host}:${port}`, tls: `https://${host}:${tlsPort}` };

const clients = {
  agent: (transport) => {
    const agent =
      transport === 'plain'
        ? new Agent({ keepAlive: true, ...ours })
        : new HttpsAgent({ keepAlive: true, ca, ...ours });
    return { ...overAgent(agent, urls[transport]), ended: untilSocketsEnd(agent), close: () => agent.destroy() };
  },
  dispatcher: (transport) => {
    const dispatcher = makeDispatcher();
    return {
      exchange: (path, body) => {
        const options = { dispatcher, method: body ? 'POST' : 'GET', body };
        return request(urls[transport] + path, options).then((response) => response.body);
      },
      ended: untilDisconnected(dispatcher),
      close: () => dispatcher.close(),
    };
  },
  fetch: (transport) => {
    const dispatcher = makeDispatcher();
    return {
      exchange: (path, body) => {
        const sending = body && { method: 'POST', body: Readable.toWeb(body), duplex: 'half' };
        return fetch(urls[transport] + path, { dispatcher, ...sending }).then((response) => response.body);
      },
      ended: untilDisconnected(dispatcher),
      close: () => dispatcher.close(),
    };
  },
};

const states = {
  idle: { prepare: watchIdle, suffer: ({ ends }) => ends },
  'in flight': { prepare: (cell) => begin(cell, () => ask(cell, '/hang')), suffer: ({ calls }) => Promise.all(calls) },
  'sending the body': { prepare: upload, suffer: ({ calls }) => Promise.all(calls) },
  'receiving the body': { prepare: stream, suffer: ({ calls }) => Promise.all(calls) },
  connecting: { isNew: true, suffer: (cell) => both(() => outcome(ask(cell, '/'))) },
};

const cells = Object.keys(urls).flatMap((transport) =>
  Object.entries(clients).flatMap(([client, make]) =>
    Object.entries(states).map(([state, actions]) =>
      makeCell(transport, `${client}, ${state}`, make(transport), actions),
    ),
  ),
);

await Promise.all(cells.filter(({ isNew }) => !isNew).map((cell) => both(() => ask(cell, '/'))));
// Everything is idle again.
await delay(20);
const stockAgent = new http.Agent({ keepAlive: true });
const stockDispatcher = new UndiciAgent();
let stuck = 0;
await Promise.all([...stockCalls('/')]);
for (const call of stockCalls('/hang')) {
  stuck += 1;
  call
    .catch(() => {})
    .finally(() => {
      stuck -= 1;
    });
}

await enact({
  cells,
  stock: {
    isStuck: () => (stuck === 1 ? 'one of two' : stuck === 2),
    close() {
      stockAgent.destroy();
      return stockDispatcher.destroy();
    },
  },
  ports: [port, tlsPort],
});

function makeCell(transport, state, client, actions) {
  const cell = { transport, state, ...client, ...actions };
  return Object.assign(cell, { askAgain: () => outcome(ask(cell, '/')) });
}

function both(call) {
  return Promise.all([call(), call()]);
}

async function ask({ exchange }, path, body) {
  let text = '';
  for await (const chunk of await exchange(path, body)) text += Buffer.from(chunk).toString();
  if (text !== 'ok') throw new Error(`unexpected answer: ${text}`);
}

function watchIdle(cell) {
  cell.ends = cell.ended();
}

function begin(cell, call) {
  cell.calls = [1, 2].map(() => outcome(call()));
}

/** Settles when both are under way. */
async function upload(cell) {
  const bodies = [1, 2].map(() => Readable.from(endless()));
  cell.calls = bodies.map((body) =>
    outcome(
      ask(
        cell,
        '/upload',
        body.on('error', () => {}),
      ),
    ),
  );
  await delay(200);
}

async function* endless() {
  const chunk = Buffer.alloc(16_384);
  for (;;) {
    yield chunk;
    // Neither a pipe nor `fetch` ends a source that goes on for ever.
    await delay(50, undefined, { ref: false });
  }
}

async function stream(cell) {
  await both(
    () =>
      new Promise((flowing) => {
        const read = async () => {
          for await (const _ of await cell.exchange('/stream')) flowing();
        };
        cell.calls = [...(cell.calls ?? []), outcome(read())];
      }),
  );
}

function overAgent(agent, url) {
  const { request: open } = url.startsWith('https') ? https : http;
  const exchange = (path, body) =>
    new Promise((resolve, reject) => {
      const outgoing = open(url + path, { agent, method: body ? 'POST' : 'GET' }, (response) => {
        // The request hears first what the socket died of; for its answer it is `aborted`.
        outgoing.removeListener('error', reject).on('error', (error) => response.destroy(error));
        resolve(response);
      });
      outgoing.on('error', reject);
      if (body) body.pipe(outgoing);
      else outgoing.end();
    });
  return { exchange };
}

/** An idle socket has no error but on itself. */
function untilSocketsEnd(agent) {
  return () => {
    const idle = Object.values(agent.freeSockets).flat();
    return Promise.all(idle.map(causeOfEnd));
  };
}

async function causeOfEnd(socket) {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return describe(socket.errored ?? new Error('closed'));
}

function makeDispatcher() {
  return createDispatcher({
    ...ours,
    connect: { ca },
    keepAliveTimeout: 120_000,
    ...(allowH2 === false && { allowH2 }),
  });
}

function untilDisconnected(dispatcher) {
  const told = [];
  const ended = new Promise((resolve) => {
    dispatcher.on('disconnect', (_, __, error) => {
      told.push(describe(error));
      if (told.length === 2) resolve(told);
    });
  });
  return () => ended;
}

function stockCalls(path) {
  const viaAgent = overAgent(stockAgent, urls.plain).exchange(path);
  const viaUndici = request(urls.plain + path, { dispatcher: stockDispatcher });
  return [viaAgent.then((response) => response.resume()), viaUndici.then(({ body }) => body.dump())];
}
